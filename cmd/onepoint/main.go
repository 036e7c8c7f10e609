package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/onepointledger/onepoint"
)

// version is set by the build.
var version = "dev"

// Exit codes of the command.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
)

// program is every command with its flags.
type program struct {
	Data    string           `help:"Folder of the platform's data; holds the address and key for the local command line." default:"./data" env:"ONEPOINT_DATA" type:"path"`
	Server  string           `help:"Address of the platform's API." env:"ONEPOINT_SERVER" placeholder:"URL"`
	Token   string           `help:"API key; better given in ONEPOINT_TOKEN." env:"ONEPOINT_TOKEN" placeholder:"KEY"`
	Version kong.VersionFlag `help:"Print the version."`

	Up     upCmd     `cmd:"" help:"Run the platform and a model bank on this machine."`
	Doctor doctorCmd `cmd:"" help:"Check clock, certificates, ports, redirect URI and database."`

	clientCommands
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is main without the process: tests call it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var p program
	exited := exitOK - 1
	parser, err := kong.New(&p,
		kong.Name("onepoint"),
		kong.Description("One Point Ledger: open banking, both sides of it.\n\nStart with `onepoint up`, then `onepoint connect model-bank-uk --psu alice --approve`."),
		kong.Vars{"version": version, "organisation": tppName, "org_id": tppOrg},
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exited = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
	)
	if err != nil {
		fmt.Fprintln(stderr, "onepoint:", err)
		return exitError
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if exited >= exitOK { // --help and --version have done their work
		return exited
	}
	if err != nil {
		fmt.Fprintf(stderr, "onepoint: %s (see onepoint --help)\n", err)
		return exitUsage
	}
	c := &cliContext{
		Ctx: ctx, Out: stdout, Err: stderr, Data: p.Data, Server: p.Server, Token: p.Token, Now: time.Now,
	}
	if err := parsed.Run(c); err != nil {
		fmt.Fprintln(stderr, "onepoint:", oneLine(err))
		if onepoint.CodeOf(err) == onepoint.CodeInvalid {
			return exitUsage
		}
		return exitError
	}
	return exitOK
}

// oneLine is what the user reads: the message of our own errors, the whole text
// of foreign ones.
func oneLine(err error) string {
	var e *onepoint.Error
	s := err.Error()
	if errors.As(err, &e) && e.Msg != "" {
		s = e.Msg
	}
	return strings.Join(strings.Fields(s), " ")
}
