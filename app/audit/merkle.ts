import { sha256 } from './sha256.ts'

/** A Merkle tree hash as RFC 6962, 2.1, grown leaf by leaf in logarithmic memory. */
export type MerkleTree = {
  /** @param leaf `leafHash` of the next entry */
  push(leaf: Uint8Array): void
  readonly size: number
  /** The root over everything pushed so far; SHA-256 of nothing for an empty tree. */
  root(): Uint8Array
  /** Roots of its complete subtrees from left to right, one for each bit set in `size`: all that `treeOf` needs. */
  peaks(): readonly Uint8Array[]
  /** One that grows on by itself. */
  copy(): MerkleTree
}

/** Leaves from `start` up to, not including, `end`, counted from 0. */
export type Range = { readonly start: number; readonly end: number }

export const createTree = (): MerkleTree => grown(0, [])

/** A tree of `size` leaves that others have pushed. @throws RangeError where it does not have so many peaks */
export function treeOf(size: number, peaks: readonly Uint8Array[]): MerkleTree {
  const bits = [...size.toString(2)].filter((bit) => bit === '1').length
  if (bits !== peaks.length) throw new RangeError(`A tree of ${size} has ${bits} peaks, not ${peaks.length}.`)
  return grown(size, [...peaks])
}

function grown(size: number, peaks: Uint8Array[]): MerkleTree {
  return {
    push(leaf) {
      let node = leaf
      for (let bits = size; bits % 2 === 1; bits = Math.floor(bits / 2)) node = nodeHash(pop(peaks), node)
      peaks.push(node)
      size += 1
    },
    get size() {
      return size
    },
    root() {
      const [last, ...others] = peaks.toReversed()
      return last === undefined
        ? sha256(new Uint8Array())
        : others.reduce((right, left) => nodeHash(left, right), last)
    },
    peaks: () => [...peaks],
    copy: () => grown(size, [...peaks]),
  }
}

/**
 * The subtrees whose roots prove that leaf `index` is in a tree of `size`, nearest the leaf first (RFC 6962, 2.1.1).
 * @throws RangeError unless 0 ≤ index < size
 */
export function inclusionRanges(index: number, size: number): readonly Range[] {
  if (!(Number.isSafeInteger(index) && index >= 0 && index < size))
    throw new RangeError(`There is no leaf ${index} in a tree of ${size}.`)
  const ranges: Range[] = []
  let start = 0
  let end = size
  while (end - start > 1) {
    const middle = start + half(end - start)
    ranges.push(index < middle ? { start: middle, end } : { start, end: middle })
    if (index < middle) end = middle
    else start = middle
  }
  return ranges.toReversed()
}

/**
 * The subtrees whose roots prove that a tree of `size` continues one of `before` (RFC 6962, 2.1.2).
 * @throws RangeError unless 0 < before ≤ size
 */
export function consistencyRanges(before: number, size: number): readonly Range[] {
  if (!(Number.isSafeInteger(before) && before > 0 && before <= size))
    throw new RangeError(`A tree of ${size} does not continue one of ${before}.`)
  const ranges: Range[] = []
  let start = 0
  let end = size
  while (before !== end) {
    const middle = start + half(end - start)
    if (before <= middle) {
      ranges.push({ start: middle, end })
      end = middle
    } else {
      ranges.push({ start, end: middle })
      start = middle
    }
  }
  // Whoever asks knows the root of the old tree; only a part of it has to be said.
  if (start > 0) ranges.push({ start, end })
  return ranges.toReversed()
}

/**
 * The roots of these subtrees, in the order given, from one pass over the leaves from the first on.
 * @throws RangeError where the leaves end before a range does
 */
export async function rootsOf(
  ranges: readonly Range[],
  leaves: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<readonly Uint8Array[]> {
  const trees = ranges.map((range) => ({ ...range, tree: createTree() }))
  const last = Math.max(0, ...ranges.map(({ end }) => end))
  let at = 0
  for await (const leaf of leaves) {
    if (at === last) break
    for (const { start, end, tree } of trees) if (start <= at && at < end) tree.push(leaf)
    at += 1
  }
  if (at < last) throw new RangeError(`There are ${at} leaves; the proof needs ${last}.`)
  return trees.map(({ tree }) => tree.root())
}

/** Whether `path` shows that `leaf` is entry `index` of the tree of `size` under `root` (RFC 9162, 2.1.3.2). */
export function includes(
  proof: { readonly index: number; readonly size: number; readonly path: readonly Uint8Array[] },
  leaf: Uint8Array,
  root: Uint8Array,
): boolean {
  const { index, size, path } = proof
  if (!(Number.isSafeInteger(index) && index >= 0 && index < size)) return false
  const ranges = inclusionRanges(index, size)
  if (ranges.length !== path.length) return false
  const found = path.reduce(
    (node, other, at) => ((ranges[at]?.start ?? 0) > index ? nodeHash(node, other) : nodeHash(other, node)),
    leaf,
  )
  return Buffer.compare(found, root) === 0
}

/** Whether `path` shows that the tree of `size` under `root` begins with that of `before` under `old` (RFC 9162, 2.1.4.2). */
export function continues(
  proof: { readonly before: number; readonly size: number; readonly path: readonly Uint8Array[] },
  old: Uint8Array,
  root: Uint8Array,
): boolean {
  const { before, size, path } = proof
  if (!(Number.isSafeInteger(before) && before > 0 && before <= size)) return false
  const ranges = consistencyRanges(before, size)
  if (ranges.length !== path.length) return false
  // The old tree's last complete part begins both roots; where it is the whole old tree, the proof leaves it out.
  const begun = ranges[0]?.end === before
  const others = begun ? ranges.slice(1) : ranges
  const nodes = begun ? path.slice(1) : path
  const first = begun ? path[0] : old
  if (first === undefined) return false
  let oldRoot = first
  let newRoot = first
  for (const [at, node] of nodes.entries()) {
    const isNew = (others[at]?.start ?? 0) >= before
    if (!isNew) oldRoot = nodeHash(node, oldRoot)
    newRoot = isNew ? nodeHash(newRoot, node) : nodeHash(node, newRoot)
  }
  return Buffer.compare(oldRoot, old) === 0 && Buffer.compare(newRoot, root) === 0
}

/** The largest power of two below `size`. */
function half(size: number): number {
  let power = 1
  while (power * 2 < size) power *= 2
  return power
}

function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  if (left.length !== 32 || right.length !== 32) return sha256(Buffer.concat([nodePrefix, left, right]))
  nodeInput.set(left, 1)
  nodeInput.set(right, 33)
  return sha256(nodeInput)
}

const nodePrefix = Buffer.from([0x01])
// Written anew for each node: a million leaves have a million nodes.
const nodeInput = Buffer.alloc(65, 0x01)

function pop(peaks: Uint8Array[]): Uint8Array {
  const peak = peaks.pop()
  if (peak === undefined) throw new RangeError('The tree has fewer peaks than its size says.')
  return peak
}
