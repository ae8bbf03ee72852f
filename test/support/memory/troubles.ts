import type { Store } from '../../../app/reconcile/ports/store.ts'

/** Since when there is trouble, in memory. */
export const memoryTroubles = (): Pick<Store, 'troubled' | 'troubleTold' | 'untroubled'> => {
  const troubles = new Map<string, { readonly since: number; readonly told: boolean }>()
  return {
    troubled: async (what, now) => {
      const known = troubles.get(what) ?? { since: now, told: false }
      troubles.set(what, known)
      return known
    },
    troubleTold: async (what) => {
      const known = troubles.get(what)
      if (known !== undefined) troubles.set(what, { ...known, told: true })
    },
    untroubled: async (what) => {
      troubles.delete(what)
    },
  }
}
