package mailtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Secrets of the private cluster: they protect a server that only this machine
// reaches and that ends with the tests.
const (
	postgresAdmin    = "admin-secret"
	postgresPassword = "mailstead-secret"
)

// cluster is the PostgreSQL of this test process. It is the kit's one piece of
// shared state: a cluster for every test would cost a second each.
var cluster postgresCluster

type postgresCluster struct {
	mu      sync.Mutex
	running bool
	process process
	port    int
	release func() // gives the port back
	count   int    // databases made
}

// Main is the body of a TestMain for packages that use Postgres:
//
//	func TestMain(m *testing.M) { mailtest.Main(m) }
//
// It runs the tests, stops the cluster and exits. Without it the cluster is
// stopped all the same, but only after the test process has ended.
func Main(m *testing.M) { os.Exit(Finish(m.Run())) }

// Finish is Main's end for a TestMain with work of its own: it stops the cluster
// and returns the exit code, which is 1 when that failed.
func Finish(code int) int {
	if err := cluster.stop(); err != nil {
		fmt.Fprintf(os.Stderr, "postgres: %v\n", err)
		return 1
	}
	return code
}

// Postgres makes an empty database for the time of the test and returns its URL.
// The tests of one process share a private cluster, which is started by the
// first of them. The role owns its database but is no superuser, and fsync is
// on, as in production.
func Postgres(t testing.TB) (dsn string) {
	t.Helper()
	initdb := postgresProgram(t, "initdb")
	server := postgresProgram(t, "postgres")
	cluster.mu.Lock()
	defer cluster.mu.Unlock()
	if !cluster.running {
		if err := cluster.start(initdb, server); err != nil {
			t.Fatalf("postgres: %v", err)
		}
	}
	cluster.count++
	name := fmt.Sprintf("test_%d", cluster.count)
	if err := cluster.admin(t.Context(), "CREATE DATABASE "+name+" OWNER mailstead"); err != nil {
		t.Fatalf("postgres: %v", err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("postgres' log:\n%s", tail(cluster.process.log, 100))
		}
		if err := cluster.admin(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("postgres: %v", err)
		}
	})
	return cluster.url("mailstead", postgresPassword, name)
}

// postgresProgram finds a program where Debian keeps them, newest version first.
func postgresProgram(t testing.TB, name string) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err != nil || len(found) == 0 {
		return program(t, name)
	}
	return found[len(found)-1]
}

func (c *postgresCluster) url(user, password, database string) string {
	return fmt.Sprintf("postgres://%s:%s@127.0.0.1:%d/%s?sslmode=disable", user, password, c.port, database)
}

// start makes a cluster and runs it until stop, or until the watchdog sees the
// test process end.
func (c *postgresCluster) start(initdb, server string) error {
	owner, err := accountFor("postgres")
	if err != nil {
		return err
	}
	s, err := newScratch(owner, "INT")
	if err != nil {
		return err
	}
	if c.port, c.release, err = takePort(); err != nil {
		return err
	}
	data := s.path("data")
	// The log lies beside the data directory, whose contents initdb decides.
	c.process = process{
		name: "postgres", account: owner, stop: syscall.SIGINT, log: s.path("log"), scratch: s,
		args: []string{
			server, "-D", data, "-p", fmt.Sprint(c.port),
			"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
			"-c", "max_connections=300", "-c", "dynamic_shared_memory_type=mmap",
		},
	}
	err = c.initdb(initdb, data, owner, s)
	if err == nil {
		err = c.process.start()
	}
	if err == nil {
		err = c.process.await(func() error { return c.admin(context.Background(), "SELECT 1") })
	}
	if err == nil {
		err = c.admin(context.Background(), "CREATE ROLE mailstead LOGIN PASSWORD '"+postgresPassword+"'")
	}
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, tail(c.process.log, 50))
		c.release()
		return errors.Join(err, c.process.end(), s.remove())
	}
	c.running = true
	return nil
}

func (c *postgresCluster) initdb(initdb, data string, owner *account, s *scratch) error {
	passwords := s.path("password")
	if err := owner.write(passwords, []byte(postgresAdmin+"\n")); err != nil {
		return err
	}
	cmd := exec.Command(initdb, "-D", data, "-U", "postgres", "-A", "scram-sha-256", "--pwfile="+passwords,
		"-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions")
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: owner.credential()}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// admin runs one statement as superuser.
func (c *postgresCluster) admin(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, c.url("postgres", postgresAdmin, "postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return err
}

func (c *postgresCluster) stop() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.running {
		return nil
	}
	c.running = false
	defer c.release()
	if err := c.process.end(); err != nil {
		return err
	}
	return c.process.scratch.remove()
}
