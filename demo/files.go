package demo

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"
)

// pdf makes a document of one page with the lines.
func pdf(name string, lines ...string) file {
	var page strings.Builder
	page.WriteString("BT /F1 12 Tf 56 780 Td 18 TL\n")
	for _, l := range lines {
		fmt.Fprintf(&page, "(%s) Tj T*\n", strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`).Replace(l))
	}
	page.WriteString("ET")
	objects := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", page.Len(), page.String()),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
	}
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	offsets := make([]int, len(objects))
	for i, o := range objects {
		offsets[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	table := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, o := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, table)
	return file{name, "application/pdf", b.Bytes()}
}

// picture draws a soft landscape of two colours.
func picture(name string, width, height int, sky, ground color.RGBA) file {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			c := mix(sky, color.RGBA{255, 255, 255, 255}, float64(y)/float64(height)/1.5)
			hill := height*3/5 + (x-width/3)*(x-width/3)/(width*2)
			if y > hill {
				c = mix(ground, sky, float64(y-hill)/float64(height)/2)
			}
			img.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	_ = png.Encode(&b, img) // a buffer takes everything
	return file{name, "image/png", b.Bytes()}
}

func mix(a, b color.RGBA, share float64) color.RGBA {
	m := func(x, y uint8) uint8 { return uint8(float64(x)*(1-share) + float64(y)*share) }
	return color.RGBA{m(a.R, b.R), m(a.G, b.G), m(a.B, b.B), 255}
}

// logo is the mark of Finch & Alder.
func logo() file {
	const size = 64
	img := image.NewRGBA(image.Rect(0, 0, size*3, size))
	for y := range size {
		for x := range size * 3 {
			dx, dy := x-size/2, y-size/2
			switch {
			case dx*dx+dy*dy < 26*26 && x < size/2:
				img.SetRGBA(x, y, color.RGBA{0x1f, 0x5c, 0x4d, 255})
			case dx*dx+dy*dy < 26*26:
				img.SetRGBA(x, y, color.RGBA{0xd9, 0x8e, 0x4a, 255})
			case x > size && (y/6)%3 == 1 && x < size*3-10*(y/18):
				img.SetRGBA(x, y, color.RGBA{0x33, 0x3a, 0x38, 255})
			}
		}
	}
	var b bytes.Buffer
	_ = png.Encode(&b, img) // a buffer takes everything
	return file{"logo", "image/png", b.Bytes()}
}

// sheet makes a table of comma-separated values.
func sheet(name string, rows ...string) file {
	return file{name, "text/csv", []byte(strings.Join(rows, "\r\n") + "\r\n")}
}
