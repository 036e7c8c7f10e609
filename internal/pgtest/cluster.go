package pgtest

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// private starts one cluster for this test process, at the first call.
var private = sync.OnceValues(startCluster)

// cluster is a running private server. It lives as long as its pipe is open:
// letting the pipe go would let the collector close it.
type cluster struct {
	server string
	alive  io.WriteCloser
}

func startCluster() (cluster, error) {
	bin, err := binaries()
	if err != nil {
		return cluster{}, err
	}
	cred, err := unprivileged()
	if err != nil {
		return cluster{}, err
	}
	dir, err := os.MkdirTemp("", "onepoint-pg-*")
	if err != nil {
		return cluster{}, fmt.Errorf("make a folder for the cluster: %w", err)
	}
	if cred != nil {
		if err := os.Chown(dir, int(cred.Uid), int(cred.Gid)); err != nil {
			return cluster{}, fmt.Errorf("give the cluster its folder: %w", err)
		}
	}
	data := filepath.Join(dir, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", "onepoint", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	initdb.Dir = dir
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: cred}
	if out, err := initdb.CombinedOutput(); err != nil {
		return cluster{}, fmt.Errorf("initdb: %w: %.500s", err, out)
	}
	port, err := freePort()
	if err != nil {
		return cluster{}, err
	}
	return launch(bin, dir, data, port, cred)
}

// launch starts the server under a watchdog: a shell that waits for this
// process to go, stops the server at once and removes its folder.
func launch(bin, dir, data string, port int, cred *syscall.Credential) (cluster, error) {
	const script = `
"$1/postgres" -D "$2" -p "$3" -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off \
  -c synchronous_commit=off -c full_page_writes=off -c max_connections=300 >"$4/log" 2>&1 &
server=$!
read -r _
kill -QUIT "$server" 2>/dev/null
wait "$server" 2>/dev/null
rm -rf "$4/data" "$4/log"
rmdir "$4" 2>/dev/null
`
	watchdog := exec.Command("/bin/sh", "-c", script, "pgtest", bin, data, strconv.Itoa(port), dir)
	watchdog.Dir = dir
	watchdog.SysProcAttr = &syscall.SysProcAttr{Credential: cred, Setpgid: true}
	// The pipe closes when this process ends, however it ends.
	alive, err := watchdog.StdinPipe()
	if err != nil {
		return cluster{}, fmt.Errorf("watch the cluster: %w", err)
	}
	if err := watchdog.Start(); err != nil {
		return cluster{}, fmt.Errorf("start the cluster: %w", err)
	}
	server := fmt.Sprintf("postgres://onepoint@127.0.0.1:%d/postgres?sslmode=disable", port)
	for range 300 {
		if err = admin(server, "SELECT 1"); err == nil {
			return cluster{server, alive}, nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	log, _ := os.ReadFile(filepath.Join(dir, "log"))
	return cluster{}, fmt.Errorf("the cluster does not answer: %w: %.500s", err, log)
}

// binaries finds the folder of PostgreSQL's server programs, newest first.
func binaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	slices.SortFunc(found, func(a, b string) int { return cmp.Compare(major(a), major(b)) })
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", errors.New("no initdb in PATH or /usr/lib/postgresql")
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return "", err
	}
	return filepath.Dir(path), nil
}

// major is the version in a path like /usr/lib/postgresql/15/bin/initdb.
func major(path string) float64 {
	v, err := strconv.ParseFloat(filepath.Base(filepath.Dir(filepath.Dir(path))), 64)
	if err != nil {
		return 0
	}
	return v
}

// unprivileged is who runs the server when the tests run as root, which
// PostgreSQL refuses to be.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("running as root, and there is no user postgres or nobody to run the server as")
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
