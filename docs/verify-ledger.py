#!/usr/bin/env python3
"""Verifies an export of gitsudo's ledger, or a segment of one, without gitsudo.

    python3 verify-ledger.py EXPORT KEY [CHECKPOINT...]

KEY: the ledger's first public key, `name+id+base64`, or a file with it; from whom you trust, not from the export.
CHECKPOINT: files with signed checkpoints that you hold (an anchor's, a witness's): the export must agree with them.
Ends with 0 if everything holds, else with 1 and the first fault. docs/ledger.md says what that proves.
"""
import base64, hashlib, json, os, sys
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

def sha(*parts): return hashlib.sha256(b"".join(parts)).digest()

def check(holds, fault):
    if not holds: raise Exception(fault)

def read_key(text):  # c2sp.org/signed-note: name+id+base64(0x01 | key)
    name, number, encoded = text.strip().split("+", 2)
    raw = base64.b64decode(encoded, validate=True)
    check(raw[:1] == b"\1" and sha(name.encode(), b"\n", raw)[:4].hex() == number, f"{text}: not an Ed25519 key")
    return (name, bytes.fromhex(number)), raw[1:]

def open_note(note, keys):  # the lines of its text, and which of the keys signed it; one wrong signature refuses it
    text, signatures = note.rsplit("\n\n", 1)
    signers = set()
    for dash, name, encoded in (line.split(" ") for line in signatures.splitlines()):
        raw = base64.b64decode(encoded, validate=True)
        if (name, raw[:4]) in keys:
            Ed25519PublicKey.from_public_bytes(keys[name, raw[:4]]).verify(raw[4:], f"{text}\n".encode())
            signers.add((name, raw[:4]))
    return text.split("\n"), signers

def trust(rotations, keys):  # a new key counts if it and one that counts already signed the note that names it
    for note in rotations * len(rotations):
        kind, name, text = open_note(note, {})[0]
        key, raw = read_key(text)
        check(kind == "gitsudo key rotation v1" and name == key[0], "not a key rotation")
        signers = open_note(note, {**keys, key: raw})[1]
        if key in signers and any(one in keys and one[0] == name for one in signers): keys[key] = raw

def root(peaks):  # RFC 6962, from the roots of its complete subtrees, left to right
    result = peaks[-1] if peaks else sha()
    for peak in reversed(peaks[:-1]): result = sha(b"\1", peak, result)
    return result

def verify(path, keys, held):
    def vouched(note):  # a checkpoint: origin, size, root, chain head
        (name, size, top, head), signers = open_note(note, keys)
        check(signers and name == origin, f"a checkpoint over {size} events is not signed by this ledger's key")
        check(head.startswith("gitsudo-chain "), f"a checkpoint over {size} events has no chain head")
        return int(size), base64.b64decode(top), base64.b64decode(head[14:])

    trust([json.loads(line)["rotation"] for line in open(path, "rb") if line.startswith(b'{"rotation"')], keys)
    lines = map(json.loads, open(path, "rb"))
    header = next(lines)
    check(header["format"] == "gitsudo ledger export v1", "not an export of a ledger")
    origin, segment = header["origin"], header.get("segment")
    seq, peaks, head, under, evidence = 0, [], sha(f"gitsudo ledger v1\n{origin}\n".encode()), 0, set()
    if segment and segment["first"] > 1:  # it goes on from a checkpoint, whose tree its peaks are
        seq, head = segment["first"] - 1, bytes.fromhex(segment["head"])
        peaks = list(map(bytes.fromhex, segment["peaks"]))
        check(len(peaks) == bin(seq).count("1"), "the peaks are not those of the events before the segment")
        check(vouched(segment["before"]) == (seq, root(peaks), head), "the segment does not go on from its checkpoint")
    held = [vouched(note) for note in held]
    check(all(size > seq for size, *_ in held), "a checkpoint that you hold is over what comes before the segment")
    for line in lines:
        if "checkpoint" in line:
            check(vouched(line["checkpoint"]) == (seq, root(peaks), head), f"event {seq}: its checkpoint differs")
            under = seq
        elif "evidence" in line:
            if sha(line["bytes"].encode()).hex() == line["evidence"]: evidence.add(line["evidence"])
        elif "seq" in line:
            seq, body = seq + 1, line["body"].encode()
            check(line["seq"] == seq, f"event {seq}: found event {line['seq']} in its place")
            leaf = node = sha(b"\0", body)
            head = sha(b"\2", head, seq.to_bytes(8, "big"), leaf)
            check(leaf.hex() == line["leaf"], f"event {seq}: altered")
            check(head.hex() == line["chain"], f"event {seq}: not chained to the one before it")
            for digest in json.loads(body)["data"].get("evidence", []):
                check(digest in evidence, f"event {seq}: its evidence {digest} is missing or altered")
            for bit in range(bin(seq - 1 ^ seq).count("1") - 1): node = sha(b"\1", peaks.pop(), node)
            peaks.append(node)
            for one in held: check(one[0] != seq or one == (seq, root(peaks), head), f"event {seq}: not as you hold it")
    check(all(size <= seq for size, *_ in held), f"a checkpoint that you hold is over more events; these end at {seq}")
    check(under or not seq, "there is no signed checkpoint: anybody may have written this")
    check(not segment or seq == under == segment["last"], "the segment does not end with its checkpoint")
    print(f"{origin}: events up to {seq} are intact; a signed checkpoint is over {under} of them")

if __name__ == "__main__":
    try:
        read = lambda given: open(given, encoding="utf-8").read() if os.path.exists(given) else given
        verify(sys.argv[1], dict([read_key(read(sys.argv[2]))]), list(map(read, sys.argv[3:])))
    except Exception as fault:
        sys.exit(f"does not hold: {str(fault) or type(fault).__name__}")
