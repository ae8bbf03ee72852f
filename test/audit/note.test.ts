import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { leafHash, originHead } from '../../app/audit/chain.ts'
import { checkpointText, readCheckpoint } from '../../app/audit/checkpoint.ts'
import { createTree, inclusionRanges, rootsOf } from '../../app/audit/merkle.ts'
import { NoteError, noteKey, openNote, readNoteKey, signNote } from '../../app/audit/note.ts'
import { checkProof, proofText, readProof } from '../../app/audit/proof.ts'

const signer = (name: string) => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return { key: noteKey(name, publicKey), privateKey }
}
const ours = signer('acme.example')
const next = signer('acme.example')
const stranger = signer('witness.example')

describe('a note', () => {
  test('the example of c2sp.org/signed-note is read, with the key of golang.org/x/mod', () => {
    const key = readNoteKey('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW')
    const text =
      "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    const note = `${text}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`
    expect(openNote(note, [key])).toEqual({ text, signedBy: [key] })
  })

  test('is opened by whoever holds one of its keys, and by nobody else', () => {
    const note = signNote('one\ntwo\n', [ours, next])
    expect(openNote(note, [ours.key])).toEqual({ text: 'one\ntwo\n', signedBy: [ours.key] })
    expect(openNote(note, [next.key, stranger.key]).signedBy).toEqual([next.key])
    expect(openNote(note, [stranger.key]).signedBy).toEqual([])
  })

  test('of the same signature spelt otherwise is refused', () => {
    const note = signNote('one\n', [ours])
    // The last sextet before the padding has two bits that nobody reads.
    const other = note.replace(/.=\n$/, (end) => `${String.fromCharCode(end.charCodeAt(0) + 1)}=\n`)
    expect(other).not.toBe(note)
    expect(() => openNote(other, [ours.key])).toThrow(NoteError)
  })

  test('altered anywhere is refused or says something unsigned', () => {
    const note = signNote('acme.example\n12\n', [ours])
    fc.assert(
      fc.property(fc.nat(note.length - 1), fc.constantFrom('x', '\n', ' ', '\u0000', 'é'), (at, put) => {
        const other = note.slice(0, at) + put + note.slice(at + 1)
        fc.pre(other !== note)
        try {
          expect(openNote(other, [ours.key]).signedBy).toEqual([])
        } catch (error) {
          expect(error).toBeInstanceOf(NoteError)
        }
      }),
      { numRuns: 500 },
    )
  })

  test.each(['', 'text\n', 'text\n\nno signature\n', 'text\n\n— a b\nc', `a\u0007\n\n— a AAAA\n`])(
    'is not %j',
    (note) => expect(() => openNote(note, [])).toThrow(NoteError),
  )
})

describe('a public key', () => {
  test('is read as it was written', () => {
    expect(readNoteKey(`${ours.key.text}\n`)).toEqual(ours.key)
    expect(ours.key.text).toMatch(/^acme\.example\+[0-9a-f]{8}\+/)
  })

  test.each([
    ['nothing', '', 'is no public key'],
    ['half of it', ours.key.text.slice(0, 40), ''],
    ['another id', ours.key.text.replace(/\+[0-9a-f]{8}\+/, '+00000000+'), 'it was cut or altered'],
    [
      'another algorithm',
      `a+00000000+${Buffer.concat([Buffer.from([2]), Buffer.alloc(32)]).toString('base64')}`,
      'Ed25519',
    ],
  ])('is not %s', (_, text, why) => {
    expect(() => readNoteKey(text)).toThrow(NoteError)
    expect(() => readNoteKey(text)).toThrow(why)
  })

  test('has a name without blanks or plus', () => {
    for (const name of ['', 'a b', 'a+b']) expect(() => noteKey(name, ours.key.publicKey)).toThrow(NoteError)
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey
    expect(() => noteKey('a', rsa)).toThrow('not an Ed25519 key')
  })
})

const hash32 = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes))

describe('a checkpoint', () => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), hash32, hash32, (size, root, head) => {
        const checkpoint = { origin: 'acme.example', size, root, head }
        expect(readCheckpoint(checkpointText(checkpoint))).toEqual(checkpoint)
      }),
    )
  })

  const zero = Buffer.alloc(32).toString('base64')
  test.each([
    `acme.example\n1\n${zero}\n`,
    `acme.example\n01\n${zero}\ngitsudo-chain ${zero}\n`,
    `acme.example\n1\n${zero}\nother ${zero}\n`,
    `acme.example\n1\n${zero} \ngitsudo-chain ${zero}\n`,
    `acme.example\n1\n${zero.slice(4)}\ngitsudo-chain ${zero}\n`,
    `\n1\n${zero}\ngitsudo-chain ${zero}\n`,
    `acme.example\n1\n${zero}\ngitsudo-chain ${zero}\nmore\n`,
    `acme.example\n1\n${zero}\ngitsudo-chain ${zero}`,
  ])('is not %j', (text) => expect(() => readCheckpoint(text)).toThrow(NoteError))
})

describe('a proof', () => {
  const bodies = Array.from({ length: 21 }, (_, at) => Buffer.from(`{"event":${at}}`))
  const prove = async (seq: number) => {
    const tree = createTree()
    for (const body of bodies) tree.push(leafHash(body))
    const checkpoint = checkpointText({
      origin: 'acme.example',
      size: bodies.length,
      root: tree.root(),
      head: originHead('acme.example'),
    })
    return {
      body: bodies[seq - 1] ?? Buffer.alloc(0),
      seq,
      path: await rootsOf(inclusionRanges(seq - 1, bodies.length), bodies.map(leafHash)),
      checkpoint: signNote(checkpoint, [ours]),
      rotations: [],
    }
  }

  test('shows every event under the checkpoint, by its text alone', async () => {
    for (let seq = 1; seq <= bodies.length; seq++) {
      const read = readProof(proofText(await prove(seq)))
      expect(checkProof(read, [ours.key])).toMatchObject({ origin: 'acme.example', size: 21 })
      expect(read.body).toEqual(bodies[seq - 1])
    }
  })

  test('shows nothing with another event, place, checkpoint or key', async () => {
    const proof = await prove(5)
    const other = await prove(6)
    const not = (change: object, why: string, keys = [ours.key]) =>
      expect(() => checkProof({ ...proof, ...change }, keys)).toThrow(why)
    not({ body: other.body }, 'does not lead from event 5')
    not({ seq: 6 }, 'does not lead from event 6')
    not({ seq: 22 }, 'does not lead from event 22')
    not({ path: other.path }, 'does not lead')
    not({ checkpoint: proof.checkpoint.replace('21', '20') }, 'signature of acme.example does not hold')
    not({}, 'none of the keys', [stranger.key])
  })

  test('altered anywhere shows nothing', async () => {
    const proof = await prove(9)
    const text = proofText(proof)
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom('A', '0', '\n', ' '), (at, put) => {
        const other = text.slice(0, at) + put + text.slice(at + 1)
        fc.pre(other !== text)
        expect(() => checkProof(readProof(other), [ours.key])).toThrow(NoteError)
      }),
      { numRuns: 500 },
    )
  })
})
