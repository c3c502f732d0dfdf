package dial

// ForDocuments are the options that Fetch connects with.
var ForDocuments = Options{web: true}
