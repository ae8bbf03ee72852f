import type { RequestDecision } from './decision.ts'

/**
 * Whether this person may end what a request gave: its requester, everybody in its groups of approvers, those
 * included who may not approve it themselves, and administrators (trust.md 6.27b). All by numeric id.
 */
export const mayRevoke = (
  person: number,
  of: {
    readonly id: string
    readonly requester: number | undefined
    readonly decision?: { readonly requests: readonly RequestDecision[] } | undefined
  },
  administrators: readonly number[],
): boolean => {
  const decision = of.decision?.requests.find(({ id }) => id === of.id)
  const approvers = (decision?.requirements ?? []).flatMap(({ eligible, barred = [] }) => [
    ...eligible,
    ...barred,
  ])
  return (
    person === of.requester || administrators.includes(person) || approvers.some(({ id }) => id === person)
  )
}
