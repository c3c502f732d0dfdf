package mailstead

import "time"

// StageName names a step of a connection test.
type StageName string

// The stages in order; each side uses those that it has.
const (
	StageDNS          StageName = "dns"
	StageTCP          StageName = "tcp"
	StageTLS          StageName = "tls"
	StageGreeting     StageName = "greeting"
	StageCapabilities StageName = "capabilities"
	StageLogin        StageName = "login"
	StageFolders      StageName = "folders"
	StageSender       StageName = "sender"
)

// Report is the outcome of a connection test of one side.
type Report struct {
	OK       bool     `json:"ok"`
	Side     SideName `json:"side"`
	Protocol Protocol `json:"protocol"`
	Server   Server   `json:"server"`
	Stages   []Stage  `json:"stages"`
}

// Stage is one step of a connection test.
type Stage struct {
	Stage StageName `json:"stage"`
	OK    bool      `json:"ok"`
	// Took is the time the step needed.
	Took time.Duration `json:"-"`
	// MS is Took in milliseconds.
	MS int64 `json:"ms"`
	// Err is the failure, typed; Kind, Code, Cause, Action and Who explain it once
	// diagnose has looked at it.
	Err error `json:"-"`
	// Kind is the name of the Kind of Err.
	Kind   string `json:"kind,omitempty"`
	Code   string `json:"code,omitempty"`
	Cause  string `json:"cause,omitempty"`
	Action string `json:"action,omitempty"`
	Who    string `json:"who,omitempty"`
	// Server is the server's own words, secrets masked.
	Server string `json:"server,omitempty"`
	// Chain is what the server showed of itself when its certificate did not convince,
	// its own certificate first.
	Chain []Certificate `json:"chain,omitempty"`
}

// Add adds a stage that has ended, and tells of it whom it concerns; told may be nil.
func (r *Report) Add(s Stage, told func(Stage)) {
	r.Stages = append(r.Stages, s)
	if told != nil {
		told(s)
	}
}

// Failure returns the first failed stage, or nil.
func (r *Report) Failure() *Stage {
	for i := range r.Stages {
		if !r.Stages[i].OK {
			return &r.Stages[i]
		}
	}
	return nil
}

// Explanation is a failure in plain words.
type Explanation struct {
	Code string `json:"code"`
	// Class is the first word of Code.
	Class  string `json:"class"`
	Cause  string `json:"cause"`
	Action string `json:"action"`
	// Who must act: user, admin, provider or mailstead.
	Who string `json:"who"`
	// Retry is user, later, admin or never: when a repetition makes sense.
	Retry string `json:"retry"`
	// Rule is the id of the fact that matched.
	Rule string `json:"rule"`
}
