// Verifies gitsudo's checkpoints and proofs with other people's code: golang.org/x/mod/sumdb/note for the signatures,
// github.com/transparency-dev/merkle for the tree. Reads a case on standard input, ends with 0 if all of it holds.
package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
)

type cases struct {
	Key         string   `json:"key"`
	Proofs      []string `json:"proofs"`
	Consistency []struct {
		Before string   `json:"before"`
		After  string   `json:"after"`
		Path   []string `json:"path"`
	} `json:"consistency"`
	Grown []struct {
		Held  string `json:"held"`
		Proof string `json:"proof"`
	} `json:"grown"`
}

type checkpoint struct {
	size uint64
	root []byte
}

func main() {
	var given cases
	must(json.NewDecoder(os.Stdin).Decode(&given))
	verifier, err := note.NewVerifier(given.Key)
	must(err)
	for _, text := range given.Proofs {
		must(included(text, verifier))
	}
	for _, one := range given.Consistency {
		before, err := open(one.Before, verifier)
		must(err)
		after, err := open(one.After, verifier)
		must(err)
		path, err := decoded(one.Path, hex.DecodeString)
		must(err)
		must(proof.VerifyConsistency(rfc6962.DefaultHasher, before.size, after.size, path, before.root, after.root))
	}
	for _, one := range given.Grown {
		must(grown(one.Held, one.Proof, verifier))
	}
	fmt.Printf("%d inclusions, %d consistencies\n", len(given.Proofs), len(given.Consistency)+len(given.Grown))
}

// included checks a C2SP tlog-proof.
func included(text string, verifier note.Verifier) error {
	head, signed, _ := strings.Cut(text, "\n\n")
	at, err := open(signed, verifier)
	if err != nil {
		return err
	}
	lines := strings.Split(head, "\n")
	if len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return fmt.Errorf("not a proof: %q", lines[0])
	}
	body, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	if err != nil {
		return err
	}
	index, err := strconv.ParseUint(strings.TrimPrefix(lines[2], "index "), 10, 64)
	if err != nil {
		return err
	}
	path, err := decoded(lines[3:], base64.StdEncoding.DecodeString)
	if err != nil {
		return err
	}
	leaf := rfc6962.DefaultHasher.HashLeaf(body)
	return proof.VerifyInclusion(rfc6962.DefaultHasher, index, at.size, leaf, path, at.root)
}

// grown checks what a witness is told (c2sp.org/tlog-witness) with the checkpoint that it held.
func grown(held, text string, verifier note.Verifier) error {
	before, err := open(held, verifier)
	if err != nil {
		return err
	}
	head, signed, _ := strings.Cut(text, "\n\n")
	after, err := open(signed, verifier)
	if err != nil {
		return err
	}
	lines := strings.Split(head, "\n")
	if lines[0] != fmt.Sprintf("old %d", before.size) {
		return fmt.Errorf("not from %d events: %q", before.size, lines[0])
	}
	path, err := decoded(lines[1:], base64.StdEncoding.DecodeString)
	if err != nil {
		return err
	}
	return proof.VerifyConsistency(rfc6962.DefaultHasher, before.size, after.size, path, before.root, after.root)
}

// open reads a signed checkpoint (c2sp.org/tlog-checkpoint).
func open(signed string, verifier note.Verifier) (checkpoint, error) {
	opened, err := note.Open([]byte(signed), note.VerifierList(verifier))
	if err != nil {
		return checkpoint{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 3 || lines[0] != verifier.Name() {
		return checkpoint{}, fmt.Errorf("not a checkpoint of %s", verifier.Name())
	}
	size, err := strconv.ParseUint(lines[1], 10, 64)
	if err != nil {
		return checkpoint{}, err
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	return checkpoint{size, root}, err
}

func decoded(lines []string, decode func(string) ([]byte, error)) ([][]byte, error) {
	path := make([][]byte, 0, len(lines))
	for _, line := range lines {
		hash, err := decode(line)
		if err != nil {
			return nil, err
		}
		path = append(path, hash)
	}
	return path, nil
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
