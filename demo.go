package mailstead

// Demo is the sample mail service that this program can run itself.
type Demo struct {
	// Active tells that it runs.
	Active bool `json:"active"`
	// Addresses can be connected, or written to.
	Addresses []DemoAddress `json:"addresses"`
	// Accounts are the connected accounts that go when it is removed.
	Accounts []AccountID `json:"accounts"`
}

// DemoAddress is a sample address and what it shows.
type DemoAddress struct {
	Address string `json:"address"`
	// Password opens the mailbox; empty where there is none. It guards nothing.
	Password string `json:"password,omitempty"`
	Shows    string `json:"shows"`
	// Mailbox tells that the address is for connecting; others are for writing to.
	Mailbox bool `json:"mailbox"`
}
