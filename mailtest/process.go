package mailtest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	startTimeout = 30 * time.Second
	stopTimeout  = 15 * time.Second
	pollInterval = 10 * time.Millisecond
)

// process is a server in the foreground, leader of its own process group.
type process struct {
	name string
	args []string
	// account is the user it runs under; nil stays who we are.
	account *account
	stop    syscall.Signal
	log     string
	scratch *scratch

	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
	err  error         // valid after done
}

func (p *process) start() error {
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	p.cmd = exec.Command(p.args[0], p.args[1:]...)
	p.cmd.Dir = p.scratch.dir
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "TZ=UTC", "HOME=" + p.scratch.dir}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if p.account != nil {
		p.cmd.SysProcAttr.Credential = p.account.credential()
	}
	if err := p.cmd.Start(); err != nil {
		return err
	}
	p.done = make(chan struct{})
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p.scratch.guard(p.cmd.Process.Pid)
}

// end stops the process and waits until its whole group is gone. It may be
// called twice.
func (p *process) end() error {
	if p.cmd == nil || p.cmd.Process == nil {
		return nil
	}
	group := p.cmd.Process.Pid
	select {
	case <-p.done:
	default:
		if err := signalGroup(group, p.stop); err != nil {
			return err
		}
	}
	select {
	case <-p.done:
	case <-time.After(stopTimeout):
		if err := signalGroup(group, syscall.SIGKILL); err != nil {
			return err
		}
		<-p.done
	}
	p.cmd = nil
	deadline := time.Now().Add(stopTimeout)
	for groupLives(group) {
		if time.Now().After(deadline) {
			err := fmt.Errorf("%s left processes behind; they were killed", p.name)
			return errors.Join(err, signalGroup(group, syscall.SIGKILL))
		}
		time.Sleep(pollInterval)
	}
	return nil
}

// signalGroup reaches every process of the group. A group that is gone is well.
func signalGroup(group int, s syscall.Signal) error {
	if err := syscall.Kill(-group, s); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("send %v to process group %d: %w", s, group, err)
	}
	return nil
}

// groupLives reports whether a process of the group still runs. Those that have
// ended but are not yet collected by the machine's first process don't count.
func groupLives(group int) bool {
	if errors.Is(syscall.Kill(-group, 0), syscall.ESRCH) {
		return false
	}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return false
	}
	for _, file := range stats {
		data, err := os.ReadFile(file)
		if err != nil {
			continue // it has just ended
		}
		// proc(5): pid (name) state ppid pgrp …; the name may hold anything.
		fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
		if len(fields) > 2 && fields[2] == strconv.Itoa(group) && fields[0] != "Z" {
			return true
		}
	}
	return false
}

// await repeats try until it succeeds, the process ends or time is up.
func (p *process) await(try func() error) error {
	deadline := time.NewTimer(startTimeout)
	defer deadline.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s ended at once: %w", p.name, p.err)
		case <-deadline.C:
			return fmt.Errorf("%s is not ready after %v: %w", p.name, startTimeout, err)
		case <-time.After(pollInterval):
		}
	}
}

// greets reports whether the server at addr sends a first line with the prefix.
func greets(addr, prefix string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	c, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		return err
	}
	if !strings.HasPrefix(line, prefix) {
		return fmt.Errorf("%s greets with %q, not %q", addr, line, prefix)
	}
	return nil
}
