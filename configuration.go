package mailstead

// ConfigurationKey is the Key of the one account that stands for the mail server of
// the configuration file. Nobody owns it or can be given it, and no list shows it: it
// sends when no other account may (LevelConfiguration).
const ConfigurationKey = "configuration"

// FromConfiguration tells that the account stands for the mail server of the
// configuration file, which alone changes it.
func (a *Account) FromConfiguration() bool { return a.Key == ConfigurationKey }

// CodeFromConfiguration is the code of ErrFromConfiguration.
const CodeFromConfiguration = "account.from_configuration"

// ErrFromConfiguration refuses to change what the configuration file says.
func ErrFromConfiguration() error {
	return &Error{
		Kind: KindConflict, Code: CodeFromConfiguration,
		Text: "This is the mail server of the configuration file: change it there, then start Mailstead again.",
	}
}

// ConfiguredSender is the mail server that the configuration file names, and whom its
// mails are from.
type ConfiguredSender struct {
	Server Server
	// Login is empty at a server that asks for no sign-in.
	Login    string
	Password Secret
	From     Address
}

// ConfigurationSender returns the sender of last resort among the accounts of f, or
// the zero value when there is none.
func (f *SenderFacts) ConfigurationSender() ConfigurationSender {
	for i := range f.Accounts {
		if a := &f.Accounts[i]; a.FromConfiguration() && a.Outgoing != nil && a.Outgoing.Enabled {
			return ConfigurationSender{AccountID: a.ID, Address: a.Address, Name: a.DisplayName, Healthy: a.Outgoing.Health.State != HealthTrouble}
		}
	}
	return ConfigurationSender{}
}
