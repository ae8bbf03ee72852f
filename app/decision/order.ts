import type { PersonFact } from './facts.ts'

/** By code unit: the same everywhere, whatever the locale. */
export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

export const byId = (a: PersonFact, b: PersonFact): number => a.id - b.id || byText(a.login, b.login)
