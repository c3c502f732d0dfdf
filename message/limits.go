package message

// The limits under the parser. What lies beyond is left out and noted as a
// defect; it never fails the mail.
const (
	// maxHeader is the most bytes of one header block that are looked at.
	maxHeader = 256 << 10
	// maxFields is the most fields of one header block.
	maxFields = 2000
	// maxParts and maxDepth bound the tree of parts.
	maxParts = 1000
	maxDepth = 100
	// maxScans bounds the work on nested boundaries: a byte of a mail is looked
	// at this often at most.
	maxScans = 32
	// maxReferences bounds identifiers, maxAddresses one list of addresses.
	maxReferences = 100
	maxAddresses  = 1000
	// maxSubjectText and maxNameText bound decoded header texts in bytes.
	maxSubjectText = 8 << 10
	maxNameText    = 1 << 10
	// maxWord is the longest encoded word.
	maxWord = 16 << 10
	// maxIDLen is the longest identifier: a line of RFC 5322 section 2.1.1 less the
	// brackets and a space.
	maxIDLen = 995
	// maxDefects bounds the list of defects.
	maxDefects = 50
	// maxIndexText is how much visible text is kept for search, maxIndexRaw how
	// much of one encoded text part is decoded for it.
	maxIndexText = 64 << 10
	maxIndexRaw  = 512 << 10
	// maxSnippet is in characters.
	maxSnippet = 200
)
