import { hash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  consistencyRanges,
  continues,
  createTree,
  includes,
  inclusionRanges,
  rootsOf,
} from '../../app/audit/merkle.ts'

const sha256 = (...parts: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from(hash('sha256', Buffer.concat(parts), 'buffer'))
const leaves = (count: number) => Array.from({ length: count }, (_, at) => sha256(Buffer.from(`${at}`)))

/** RFC 6962, 2.1, as it is written there. */
const treeHash = (list: readonly Uint8Array[]): Uint8Array => {
  const [only] = list
  if (only === undefined) return sha256()
  if (list.length === 1) return only
  let middle = 1
  while (middle * 2 < list.length) middle *= 2
  return sha256(Buffer.from([1]), treeHash(list.slice(0, middle)), treeHash(list.slice(middle)))
}
const rootOf = (list: readonly Uint8Array[]): Uint8Array => {
  const tree = createTree()
  for (const leaf of list) tree.push(leaf)
  return tree.root()
}
const size = fc.integer({ min: 1, max: 130 })
const flipped = (bytes: Uint8Array): Uint8Array =>
  Uint8Array.from(bytes, (byte, at) => (at === 7 ? byte ^ 1 : byte))

test('the root is that of RFC 6962, at every size on the way', () => {
  const tree = createTree()
  const all = leaves(70)
  expect(tree.root()).toEqual(treeHash([]))
  for (const [at, leaf] of all.entries()) {
    tree.push(leaf)
    expect(tree.size).toBe(at + 1)
    expect(tree.root()).toEqual(treeHash(all.slice(0, at + 1)))
  }
})

test('every leaf can be shown to be in its tree, and in no other place', async () => {
  await fc.assert(
    fc.asyncProperty(size, fc.nat(), fc.nat(), async (count, pick, other) => {
      const all = leaves(count)
      const index = pick % count
      const path = await rootsOf(inclusionRanges(index, count), all)
      const leaf = all[index] ?? sha256()
      const root = rootOf(all)
      expect(includes({ index, size: count, path }, leaf, root)).toBe(true)
      expect(includes({ index, size: count, path }, flipped(leaf), root)).toBe(false)
      expect(includes({ index, size: count, path }, leaf, flipped(root))).toBe(false)
      const wrong = other % count
      if (wrong !== index) expect(includes({ index: wrong, size: count, path }, leaf, root)).toBe(false)
      for (const [at, node] of path.entries())
        expect(includes({ index, size: count, path: path.with(at, flipped(node)) }, leaf, root)).toBe(false)
      expect(includes({ index, size: count, path: [...path, root] }, leaf, root)).toBe(false)
      if (path.length > 0)
        expect(includes({ index, size: count, path: path.slice(1) }, leaf, root)).toBe(false)
    }),
    { numRuns: 200 },
  )
})

test('a longer tree can be shown to continue a shorter one, and no other', async () => {
  await fc.assert(
    fc.asyncProperty(size, fc.nat(), fc.nat(), async (count, pick, change) => {
      const all = leaves(count)
      const before = 1 + (pick % count)
      const path = await rootsOf(consistencyRanges(before, count), all)
      const old = rootOf(all.slice(0, before))
      const root = rootOf(all)
      expect(continues({ before, size: count, path }, old, root)).toBe(true)
      expect(continues({ before, size: count, path }, flipped(old), root)).toBe(false)
      expect(continues({ before, size: count, path }, old, flipped(root))).toBe(false)
      const at = change % before
      const forged = all.with(at, flipped(all[at] ?? root))
      const forgedPath = await rootsOf(consistencyRanges(before, count), forged)
      expect(continues({ before, size: count, path: forgedPath }, old, rootOf(forged))).toBe(false)
      for (const [index, node] of path.entries())
        expect(continues({ before, size: count, path: path.with(index, flipped(node)) }, old, root)).toBe(
          false,
        )
      expect(continues({ before, size: count, path: [...path, root] }, old, root)).toBe(false)
    }),
    { numRuns: 200 },
  )
})

test('what no tree has is refused', async () => {
  expect(() => inclusionRanges(3, 3)).toThrow('There is no leaf 3 in a tree of 3.')
  expect(() => inclusionRanges(-1, 3)).toThrow(RangeError)
  expect(() => consistencyRanges(4, 3)).toThrow('A tree of 3 does not continue one of 4.')
  expect(() => consistencyRanges(0, 3)).toThrow(RangeError)
  await expect(rootsOf(inclusionRanges(0, 9), leaves(5))).rejects.toThrow(
    'There are 5 leaves; the proof needs 9.',
  )
  expect(includes({ index: 3, size: 3, path: [] }, sha256(), sha256())).toBe(false)
  expect(continues({ before: 0, size: 3, path: [] }, sha256(), sha256())).toBe(false)
})
