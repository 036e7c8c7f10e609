package vault

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// maxKeyFile bounds what is read as a key file; a keyset has a few hundred bytes
// and grows by as much with each rotation.
const maxKeyFile = 1 << 20

// openKeyFile returns the key-encryption key of the file, which it makes when
// there is none and nothing was sealed yet.
func openKeyFile(path string, fresh bool) (tink.AEAD, error) {
	kek, err := readKeyFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return kek, err
	}
	if !fresh {
		return nil, refuse("the key file "+path+" is missing, and the database holds data sealed with it; "+
			"put the file back from your backup, or start over with an empty database", err)
	}
	if err := createKeyFile(path); err != nil && !errors.Is(err, fs.ErrExist) { // another process may be first
		return nil, fmt.Errorf("make key file %s: %w", path, err)
	}
	return readKeyFile(path)
}

func readKeyFile(path string) (tink.AEAD, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	// Windows has no such bits: Go shows 0666 for every file there.
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, refuse(fmt.Sprintf("others may read the key file %s (mode %#o); run: chmod 600 %s", path, mode, path), nil)
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(io.LimitReader(f, maxKeyFile)))
	if err != nil {
		return nil, refuse("the key file "+path+" is damaged; put it back from your backup", errors.New("not a Tink keyset"))
	}
	kek, err := aead.New(handle)
	if err != nil {
		return nil, refuse("the key file "+path+" holds another kind of key; put it back from your backup", err)
	}
	return kek, nil
}

// createKeyFile writes a new key and links it into place: the file appears
// whole or not at all, and never in place of another (fs.ErrExist).
func createKeyFile(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&b)); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(dir, ".key-*") // O_EXCL, 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) //nolint:errcheck // what is left is unused and as private as the key
	_, err = tmp.Write(b.Bytes())
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes the file's name as durable as its bytes: data sealed with a key
// that a power cut removes is lost.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" { // folders cannot be opened for that there
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// newDataKey makes a data key and seals it with the key-encryption key.
func newDataKey(kek tink.AEAD, bind []byte) ([]byte, error) {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make data key: %w", err)
	}
	var b bytes.Buffer
	if err := handle.WriteWithAssociatedData(keyset.NewBinaryWriter(&b), kek, bind); err != nil {
		return nil, fmt.Errorf("seal data key: %w", err)
	}
	return b.Bytes(), nil
}

func openDataKey(sealed []byte, kek tink.AEAD, bind []byte) (tink.AEAD, error) {
	handle, err := keyset.ReadWithAssociatedData(keyset.NewBinaryReader(bytes.NewReader(sealed)), kek, bind)
	if err != nil {
		return nil, errors.New("the workspace's data key was altered or sealed with another key file")
	}
	key, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("open data key: %w", err)
	}
	return key, nil
}
