package imap

import (
	"context"
	"errors"
	"time"

	"github.com/mailstead/mailstead"
)

// Check implements mailstead.SourceDriver. Its last stage lists the folders and
// opens the inbox: some servers let everybody sign in and open nothing.
func (d *Driver) Check(ctx context.Context, a mailstead.Access) mailstead.Report {
	r := mailstead.Report{Side: mailstead.SideIncoming, Protocol: mailstead.IMAP, Server: a.Server}
	tell := func(stage mailstead.StageName, took time.Duration, err error) {
		r.Add(newStage(stage, took, err), a.Told)
	}
	s, err := d.open(ctx, a, tell)
	if err != nil {
		if r.Failure() == nil {
			tell(mailstead.StageLogin, 0, err)
		}
		return r
	}
	start := d.config.Now()
	_, err = s.Folders(ctx)
	if err == nil {
		_, err = s.Select(ctx, "INBOX")
	}
	tell(mailstead.StageFolders, d.config.Now().Sub(start), err)
	_ = s.Close()
	r.OK = err == nil
	return r
}

func newStage(name mailstead.StageName, took time.Duration, err error) mailstead.Stage {
	st := mailstead.Stage{Stage: name, OK: err == nil, Took: took, MS: took.Milliseconds(), Err: err}
	var reply *mailstead.ServerReply
	if errors.As(err, &reply) {
		st.Server = reply.Text
	}
	return st
}
