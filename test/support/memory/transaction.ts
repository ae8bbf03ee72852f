import type { Tx } from '../../../app/reconcile/ports/store.ts'

type Open = { readonly commit: (() => void)[]; readonly release: Map<string, () => void> }

/** Transactions over memory: effects at commit, locks until the end, nothing left after a throw. */
export const memoryTransactions = () => {
  const open = new Map<Tx, Open>()
  const locks = new Map<string, Promise<void>>()
  const of = (tx: Tx): Open => {
    const found = open.get(tx)
    if (found === undefined) throw new Error('the transaction has ended')
    return found
  }
  return {
    async run<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
      const tx = {} as Tx
      const own: Open = { commit: [], release: new Map() }
      open.set(tx, own)
      try {
        const answer = await work(tx)
        for (const effect of own.commit) effect()
        return answer
      } finally {
        open.delete(tx)
        for (const release of own.release.values()) release()
      }
    },
    onCommit(tx: Tx, effect: () => void): void {
      of(tx).commit.push(effect)
    },
    /** Waits until no other transaction holds `key`, then holds it to the end. */
    async lock(tx: Tx, key: string): Promise<void> {
      const own = of(tx)
      if (own.release.has(key)) return
      const before = locks.get(key) ?? Promise.resolve()
      const { promise, resolve } = Promise.withResolvers<void>()
      own.release.set(key, resolve)
      locks.set(
        key,
        before.then(() => promise),
      )
      await before
    },
  }
}
export type MemoryTransactions = ReturnType<typeof memoryTransactions>
