import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NoteError, noteKey, openNote, signNote } from '../../app/audit/note.ts'
import {
  isHeld,
  linkedRotations,
  readRotation,
  rotationNote,
  rotationText,
  trustedKeys,
} from '../../app/audit/rotation.ts'

const signer = (name = 'acme.example') => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return { key: noteKey(name, publicKey), privateKey }
}
const [first, second, third, fourth, stranger] = [signer(), signer(), signer(), signer(), signer()]
const notes = [rotationNote(first, second), rotationNote(second, third), rotationNote(third, fourth)]
const texts = (keys: readonly { readonly text: string }[]) => keys.map(({ text }) => text).sort()

test('is signed by the old key and the new one, and read as it was written', () => {
  const { text, signedBy } = openNote(rotationNote(first, second), [first.key, second.key])
  expect(texts(signedBy)).toEqual(texts([first.key, second.key]))
  expect(text).toBe(`gitsudo key rotation v1\nacme.example\n${second.key.text}\n`)
  expect(readRotation(text)).toEqual({ origin: 'acme.example', key: second.key })
})

test('from the first key every later one is trusted, in whatever order the rotations come', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray(notes, { minLength: 3 }), (shuffled) => {
      expect(texts(trustedKeys([first.key], shuffled))).toEqual(
        texts([first.key, second.key, third.key, fourth.key]),
      )
    }),
  )
  expect(trustedKeys([third.key], notes)).toEqual([third.key, fourth.key])
})

const elsewhere = { origin: 'other.example', key: signer('other.example').key }
test.each([
  ['nobody trusted has signed', rotationNote(stranger, second)],
  [
    'the new key has not signed',
    signNote(rotationText({ origin: 'acme.example', key: second.key }), [first]),
  ],
  [
    'the old key has not signed',
    signNote(rotationText({ origin: 'acme.example', key: second.key }), [second]),
  ],
  ['another instance', signNote(rotationText(elsewhere), [first])],
  ['a signature that does not hold', rotationNote(first, second).replace(second.key.text, third.key.text)],
  ['a checkpoint', signNote('acme.example\n1\n', [first, second])],
  ['no note', 'anything'],
])('a rotation makes no key trusted: %s', (_, note) => {
  expect(trustedKeys([first.key], [note])).toEqual([first.key])
})

test.each([
  'gitsudo key rotation v1\nacme.example\n',
  `gitsudo key rotation v1\nacme.example\n${second.key.text}\nmore\n`,
  `gitsudo key rotation v1\nacme.example\n ${second.key.text}\n`,
  `gitsudo key rotation v1\nother.example\n${second.key.text}\n`,
  `gitsudo key rotation v2\nacme.example\n${second.key.text}\n`,
])('is no rotation: %j', (text) => {
  expect(() => readRotation(text)).toThrow(NoteError)
})

test('linked is what leads to a known key or on from one, once for each key, whatever else is stored', () => {
  const text = rotationText({ origin: 'acme.example', key: stranger.key })
  const again = `${rotationNote(second, third)}— x AAAA\n`
  const others = ['x', `${text}\n— x AAAA\n`, rotationNote(signer(), stranger), signNote(text, [signer()])]
  for (const known of [first, second, third, fourth])
    expect(linkedRotations([known.key], [...others, ...notes, again, ...others])).toEqual(notes)
  expect(linkedRotations([signer().key], notes)).toEqual([])
  expect(linkedRotations([signer('other').key], notes)).toEqual([])
})

const toSecond = rotationText({ origin: 'acme.example', key: second.key })
const of = (note: string, line: number) => note.split('\n').at(line) ?? ''
test.each<[string, string, boolean, boolean]>([
  ['as it was made', rotationNote(first, second), true, true],
  ['under junk', `${toSecond}\n— acme.example AAAA\n`, false, false],
  ["under a stranger's signature", signNote(toSecond, [stranger]), false, false],
  ['that the new key has not signed', signNote(toSecond, [first]), false, false],
  ['to a stranger', rotationNote(first, stranger), false, false],
  [
    'whose old signature is of another text',
    `${toSecond}\n${of(rotationNote(first, third), -3)}\n${of(rotationNote(first, second), -2)}\n`,
    false,
    true,
  ],
  [
    'whose new signature is of another text',
    `${toSecond}\n${of(rotationNote(first, second), -3)}\n${of(rotationNote(second, third), -3)}\n`,
    false,
    false,
  ],
  // It gives nobody anything, and whoever knows the newer key alone cannot tell it from ours.
  ["under a stranger's signature in the old key's place", rotationNote(stranger, second), true, true],
  ['a checkpoint', signNote('acme.example\n1\n', [first, second]), false, false],
  ['no note', `x\n${second.key.text}\n`, false, false],
])('a rotation to a trusted key, %s', (_, note, byBoth, byNewer) => {
  expect({
    byBoth: isHeld(note, [first.key, second.key]),
    byNewer: isHeld(note, [second.key]),
    byNobody: isHeld(note, [first.key]),
  }).toEqual({ byBoth, byNewer, byNobody: false })
})
