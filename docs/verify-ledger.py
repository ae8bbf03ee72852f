#!/usr/bin/env python3
"""Verifies an export of gitsudo's ledger, or a segment of one, without gitsudo.
    python3 verify-ledger.py EXPORT KEYS [CHECKPOINTS...]
KEYS: the ledger's first public key, name+id+base64, or several, or a file of them; from whom you trust, not from EXPORT.
CHECKPOINTS: what you hold of it, signed: files, folders of files, or - for standard input; EXPORT must agree with all.
Ends with 0 if everything holds, else with 1 and the first fault. docs/ledger.md says what that proves."""
import base64, functools, hashlib, json, os, re, sys
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

def sha(*parts): return hashlib.sha256(b"".join(parts)).digest()
def check(holds, fault):
    if not holds: raise Exception(fault)

def read_key(text):  # c2sp.org/signed-note: name+id+base64(0x01 | key)
    name, number, encoded = text.split("+", 2)
    raw = base64.b64decode(encoded, validate=True)
    check(raw[:1] == b"\1" and sha(name.encode(), b"\n", raw)[:4].hex() == number, f"{text}: not an Ed25519 key")
    return (name, bytes.fromhex(number)), raw[1:]

def open_note(note, keys):  # the lines of its text, and which of the keys signed it; one wrong signature refuses it
    text, signatures = note.rsplit("\n\n", 1)
    signers = set()
    for dash, name, encoded in map(str.split, signatures.splitlines()):
        raw = base64.b64decode(encoded, validate=True)
        if (name, raw[:4]) in keys:
            Ed25519PublicKey.from_public_bytes(keys[name, raw[:4]]).verify(raw[4:], f"{text}\n".encode())
            signers.add((name, raw[:4]))
    return text.split("\n"), signers

def trust(rotations, keys):  # a new key counts if it and one that counts already signed the note that names it
    for note in rotations * len(rotations):
        kind, name, text = open_note(note, {})[0]
        key, raw = read_key(text)
        signers = open_note(note, {**keys, key: raw})[1]
        sound = key in signers - set(keys) and any(one in keys and one[0] == name == key[0] for one in signers)
        if kind == "gitsudo key rotation v1" and sound: keys[key] = raw

def notes_in(path):  # an empty line, or more, between each and the next
    if os.path.isdir(path): return [note for name in os.listdir(path) for note in notes_in(os.path.join(path, name))]
    parts = re.split("\n\n+", (sys.stdin if path == "-" else open(path, encoding="utf-8")).read().strip("\n"))
    check(len(parts) % 2 == 0, f"{path}: not signed checkpoints")
    return ["\n\n".join(pair) for pair in zip(parts[::2], parts[1::2])]

def root(peaks):  # RFC 6962, from the roots of its complete subtrees, left to right
    return functools.reduce(lambda right, left: sha(b"\1", left, right), reversed(peaks)) if peaks else sha()

def verify(path, keys, notes):
    def vouched(note):  # a checkpoint: origin, size, root, chain head
        (name, size, top, head), signers = open_note(note, keys)
        check(name == origin and any(key[0] == name for key in signers), f"a checkpoint over {size} events is not signed by this ledger's key")
        return int(size), base64.b64decode(top), base64.b64decode(head.removeprefix("gitsudo-chain "))

    trust([json.loads(line)["rotation"] for line in open(path, "rb") if line.startswith(b'{"rotation"')], keys)
    lines = map(json.loads, open(path, "rb"))
    header = next(lines)
    check(header["format"] == "gitsudo ledger export v1", "not an export of a ledger")
    origin, segment = header["origin"], header.get("segment")
    seq, peaks, head = 0, [], sha(f"gitsudo ledger v1\n{origin}\n".encode())
    under, evidence, foreign, held = 0, set(), [], {}
    if segment and segment["first"] > 1:  # it goes on from a checkpoint, whose tree its peaks are
        seq, head, peaks = segment["first"] - 1, bytes.fromhex(segment["head"]), [*map(bytes.fromhex, segment["peaks"])]
        check(vouched(segment["before"]) == (seq, root(peaks), head), "the segment does not go on from its checkpoint")
    here = [one for one in map(vouched, notes) if one[0] >= seq]  # the others are for the segments before
    for one in here: held.setdefault(one[0], set()).add(one)
    check(held.pop(seq, set()) <= {(seq, root(peaks), head)}, f"event {seq}: not as you hold it")
    for line in lines:
        if "checkpoint" in line:
            check(vouched(line["checkpoint"]) == (seq, root(peaks), head), f"event {seq}: its checkpoint differs")
            under = seq
        elif "evidence" in line: evidence.add(sha(line["bytes"].encode()).hex())
        elif "seq" in line:
            check(("body" in line) != ("base64" in line), f"event {seq + 1}: says two things")
            seq, body = seq + 1, base64.b64decode(line["base64"]) if "base64" in line else line["body"].encode()
            check(line["seq"] == seq, f"event {seq}: found event {line['seq']} in its place")
            leaf = node = sha(b"\0", body)
            head = sha(b"\2", head, seq.to_bytes(8, "big"), leaf)
            check(leaf.hex() == line["leaf"], f"event {seq}: altered")
            check(head.hex() == line["chain"], f"event {seq}: not chained to the one before it")
            try: kind, data = (event := json.loads(body))["type"], dict(event["data"])
            except (KeyError, TypeError, ValueError, RecursionError): kind, data = foreign.append(str(seq)), {}  # no event at all
            if kind == "database.changed" and "sig" in data: foreign.append(data["row"])
            for digest in data.get("evidence", []):
                check(digest in evidence, f"event {seq}: its evidence {digest} is missing or altered")
            for bit in range(bin(seq - 1 ^ seq).count("1") - 1): node = sha(b"\1", peaks.pop(), node)
            peaks.append(node)
            if seq in held: check(held.pop(seq) == {(seq, root(peaks), head)}, f"event {seq}: not as you hold it")
    check(not held, f"checkpoints that you hold are over events that are not here; these end at {seq}")
    check(under or not seq, "there is no signed checkpoint: anybody may have written this")
    check(not segment or seq == under == segment["last"], "the segment does not end with its checkpoint")
    check(not foreign, f"events {', '.join(foreign)} are no events, or on record as not sealed by gitsudo")
    early = f", but for {len(notes) - len(here)} over earlier events" if len(notes) > len(here) else ""
    agree = f"; all {len(here)} that you hold agree{early}" if notes else ""
    print(f"{origin}: events up to {seq} are intact; a signed checkpoint is over {under} of them{agree}")

if __name__ == "__main__":
    try:
        keys = open(sys.argv[2], encoding="utf-8").read() if os.path.exists(sys.argv[2]) else sys.argv[2]
        verify(sys.argv[1], dict(map(read_key, keys.split())), sum(map(notes_in, sys.argv[3:]), []))
    except Exception as fault:
        sys.exit(f"does not hold: {str(fault) or type(fault).__name__}")
