import type { Directory } from '../identity/directory.ts'
import type { PolicyQuestion } from '../reconcile/ports/evaluator.ts'
import { formatDuration } from '../request/duration.ts'

/** One thing changed, and what to tell the requester if it would be eligible then. */
export type Variation = {
  readonly about: 'duration' | 'group' | 'role'
  readonly text: string
  readonly question: PolicyQuestion
}

export const mostVariations = 64
const mostHints = 6
const durations = [900, 1800, 3600, 7200, 14_400]

/**
 * What else might have been asked, with one thing changed: the duration, one more group, another role of the
 * catalogue in the same scope. The longest duration below the one asked comes first.
 */
export function variations(question: PolicyQuestion, directory: Directory): readonly Variation[] {
  const { request, requester } = question
  const longest = directory.role(request.provider, request.role)?.maxDurationSeconds ?? 0
  const byDuration = durations
    .filter((seconds) => seconds !== request.durationSeconds && seconds <= longest)
    .toSorted((a, b) => preference(a, request.durationSeconds) - preference(b, request.durationSeconds))
    .map(
      (durationSeconds): Variation => ({
        about: 'duration',
        text: `${formatDuration(durationSeconds)} would pass`,
        question: { ...question, request: { ...request, durationSeconds } },
      }),
    )
  const byGroup = directory.groups
    .filter(({ name }) => !requester.groups.includes(name))
    .map(({ name }): Variation => {
      const member = { ...requester, groups: [...requester.groups, name] }
      const author = question.author.id === requester.id ? member : question.author
      return {
        about: 'group',
        text: `role ${request.role} is open to group ${name}`,
        question: { ...question, requester: member, author },
      }
    })
  const byRole = directory.roles
    .filter(
      ({ provider, role, scopes, maxDurationSeconds }) =>
        provider === request.provider &&
        role !== request.role &&
        scopes.includes(request.scope) &&
        maxDurationSeconds >= request.durationSeconds,
    )
    .map(
      ({ role }): Variation => ({
        about: 'role',
        text: `role ${role} would pass`,
        question: { ...question, request: { ...request, role } },
      }),
    )
  const room = Math.floor((mostVariations - byDuration.length) / 2)
  return [...byDuration, ...byGroup.slice(0, room), ...byRole.slice(0, room)]
}

/** Shorter ones first, the longest of them before all; then longer ones, the shortest first. */
const preference = (seconds: number, asked: number): number =>
  seconds < asked ? asked - seconds : 1e9 + seconds

/** The hints that held, each kind in order, only the best duration: two would contradict each other. */
export function hintsOf(eligible: readonly Variation[]): readonly string[] {
  const duration = eligible.find(({ about }) => about === 'duration')
  return eligible
    .filter((variation) => variation.about !== 'duration' || variation === duration)
    .slice(0, mostHints)
    .map(({ text }) => text)
}
