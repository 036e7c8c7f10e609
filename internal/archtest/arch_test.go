package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/onepointledger/onepoint"

type pkg struct {
	ImportPath string
	Dir        string
	Imports    []string
	GoFiles    []string
}

func (p pkg) rel() string {
	if p.ImportPath == module {
		return "."
	}
	return strings.TrimPrefix(p.ImportPath, module+"/")
}

// ours are the imports within the module, relative to its root.
func (p pkg) ours() []string {
	var out []string
	for _, i := range p.Imports {
		if i == module {
			out = append(out, ".")
		} else if rest, ok := strings.CutPrefix(i, module+"/"); ok {
			out = append(out, rest)
		}
	}
	return out
}

func load(t *testing.T) []pkg {
	t.Helper()
	// With the tag the list has the imports that the default build has not.
	cmd := exec.Command("go", "list", "-tags", "pkcs11", "-json=ImportPath,Dir,Imports,GoFiles", module+"/...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var pkgs []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("read go list: %v", err)
		}
		if !strings.Contains(p.ImportPath, "/node_modules/") { // npm packages that carry Go files
			pkgs = append(pkgs, p)
		}
	}
	if len(pkgs) < 10 {
		t.Fatalf("go list found only %d packages", len(pkgs))
	}
	return pkgs
}

// under reports whether a package is dir or lies below it.
func under(p, dir string) bool { return p == dir || strings.HasPrefix(p, dir+"/") }

// layer is how high a package stands; imports only go to a lower layer, or to
// the same one where sideways names the pair.
var layer = []struct {
	dir   string
	level int
}{
	{".", 0},
	{"eidas", 1},
	{"httpsig", 1},
	{"fapi", 2},
	{"connector", 3},
	{"standard", 3},
	{"connector/connectortest", 4},
	{"connector/profiles", 4},
	{"connector/recipe", 4},
	{"connector/all", 5},
	{"identity", 3},
	{"audit", 3},
	{"connector/op", 4},
	{"connector/bunq", 4},
	{"tpp", 3},
	{"vault", 3},
	{"vault/pkcs11", 4},
	{"job", 3},
	{"modelbank/core", 3},
	{"modelbank/as", 4},
	{"modelbank/directory", 4},
	{"modelbank", 5},
	{"modelbank/portal", 6},
	{"modelbank/sim", 6},
	{"modelbank/sim/op", 7},
	{"modelbank/sim/bunq", 7},
	{"modelbank/sim/saltedge", 7},
	{"store", 5},
	{"api", 5},
	{"web", 0},
	{"internal", 8},
	{"cmd", 9},
}

func level(t *testing.T, p string) int {
	t.Helper()
	best, found := 0, -1
	for _, l := range layer {
		if (p == l.dir || l.dir != "." && under(p, l.dir)) && len(l.dir) > found {
			best, found = l.level, len(l.dir)
		}
	}
	if found < 0 {
		t.Errorf("%s has no layer: give it one in the table above, and say in its doc.go why it is a package", p)
	}
	return best
}

// sideways are the imports within one layer that the design allows. Both
// databases' store serves the packages that declare what they store.
var sideways = map[string][]string{
	"store": {"modelbank"},
}

func TestImportsPointDown(t *testing.T) {
	for _, p := range load(t) {
		from := p.rel()
		for _, to := range p.ours() {
			if slices.Contains(sideways[from], to) {
				continue
			}
			if level(t, to) >= level(t, from) {
				t.Errorf("%s imports %s: imports point down", from, to)
			}
		}
	}
}

func TestTheTwoSidesNeverMeet(t *testing.T) {
	platform := []string{"tpp", "api", "identity", "job", "connector"}
	for _, p := range load(t) {
		for _, to := range p.ours() {
			for _, side := range platform {
				if under(p.rel(), side) && under(to, "modelbank") {
					t.Errorf("%s imports %s: the platform meets the bank only over HTTP", p.rel(), to)
				}
				if under(p.rel(), "modelbank") && under(to, side) {
					t.Errorf("%s imports %s: the bank meets the platform only over HTTP", p.rel(), to)
				}
			}
		}
	}
}

// only lists what a few packages alone may import.
var only = []struct{ what, who, why string }{
	{"github.com/riverqueue/river", "job", "only job knows the queue's library"},
	{"github.com/jackc/pgx", "store", "only store knows SQL"},
	{"modernc.org/sqlite", "store", "only store knows SQL"},
	{"github.com/pressly/goose", "store", "only store knows SQL"},
	{"github.com/tink-crypto", "vault", "only vault sees keys"},
	{"github.com/miekg/pkcs11", "vault/pkcs11", "only vault/pkcs11 needs cgo"},
	{"github.com/danielgtaylor/huma", "api", "only api knows the HTTP framework"},
	{"github.com/alecthomas/kong", "cmd/onepoint", "only the command reads configuration"},
}

func TestLibrariesStayBehindTheirPackage(t *testing.T) {
	for _, p := range load(t) {
		for _, imp := range p.Imports {
			for _, o := range only {
				if strings.HasPrefix(imp, o.what) && !under(p.rel(), o.who) && !under(p.rel(), "internal/pgtest") {
					t.Errorf("%s imports %s: %s", p.rel(), imp, o.why)
				}
			}
			if imp == "database/sql" && !slices.Contains([]string{"store", "job", "internal/pgtest"}, p.rel()) {
				t.Errorf("%s imports database/sql: only store knows SQL", p.rel())
			}
		}
	}
}

func TestDefaultBuildNeedsNoCgo(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", module+"/cmd/onepoint", module+"/vault/...")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for dep := range strings.Lines(string(out)) {
		if dep = strings.TrimSpace(dep); dep == "C" || dep == "github.com/miekg/pkcs11" {
			t.Errorf("the default build depends on %s: keep it behind -tags pkcs11", dep)
		}
	}
}

func TestNamesAndDepth(t *testing.T) {
	banned := []string{"util", "utils", "common", "models", "types", "helpers", "pkg", "base", "misc"}
	for _, p := range load(t) {
		if slices.Contains(banned, path.Base(p.rel())) {
			t.Errorf("%s: name a package for what it provides", p.rel())
		}
		if strings.Count(p.rel(), "/") > 1 && !under(p.rel(), "internal") && !under(p.rel(), "modelbank/sim") {
			t.Errorf("%s lies deeper than two folders", p.rel())
		}
		if len(p.GoFiles) == 0 {
			continue
		}
		if _, err := os.Stat(filepath.Join(p.Dir, "doc.go")); err != nil {
			t.Errorf("%s has no doc.go that says why it is a package", p.rel())
		}
	}
}
