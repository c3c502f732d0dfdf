package message

// defects collects what was odd about a mail, each once.
type defects []string

func (d *defects) add(text string) {
	if len(*d) >= maxDefects {
		return
	}
	for _, x := range *d {
		if x == text {
			return
		}
	}
	*d = append(*d, text)
}
