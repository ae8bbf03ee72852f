/** A requirement as the assignment sees it. */
export type Seat = { readonly count: number; readonly eligible: ReadonlySet<number> }

/**
 * Assigns people (numeric ids) to seats, each person to one at most and each seat at most `count` (trust.md
 * 4.4). Meets as many as can be met, all of them whenever that is possible: maximum bipartite matching by
 * augmenting paths, breadth first. The same people and seats give the same answer, in whatever order the
 * people come. Returns the people of each seat, in ascending order.
 */
export const assign = (seats: readonly Seat[], people: readonly number[]): readonly (readonly number[])[] => {
  const seated = seats.map(() => new Set<number>())
  for (const person of [...new Set(people)].sort((a, b) => a - b)) place(seats, seated, person)
  return seated.map((ids) => [...ids].sort((a, b) => a - b))
}

/** Finds a free place for `person`, moving others to their alternatives where that makes room. */
const place = (seats: readonly Seat[], seated: readonly Set<number>[], person: number): void => {
  /** Seat → who would move there, and from where; -1 for the newcomer. */
  const reached = new Map<number, { readonly person: number; readonly from: number }>()
  const queue = [{ person, from: -1 }]
  for (const mover of queue) {
    for (const [index, seat] of seats.entries()) {
      if (reached.has(index) || !seat.eligible.has(mover.person)) continue
      reached.set(index, mover)
      const there = seated[index] ?? new Set()
      if (there.size < seat.count) {
        move(seated, reached, index)
        return
      }
      for (const other of there) queue.push({ person: other, from: index })
    }
  }
}

const move = (
  seated: readonly Set<number>[],
  reached: ReadonlyMap<number, { readonly person: number; readonly from: number }>,
  free: number,
): void => {
  for (let at = free; at !== -1; ) {
    const mover = reached.get(at)
    if (mover === undefined) return
    seated[at]?.add(mover.person)
    seated[mover.from]?.delete(mover.person)
    at = mover.from
  }
}
