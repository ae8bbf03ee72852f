import type { PolicySet } from '../../reconcile/ports/evaluator.ts'
import { requestId } from '../../request/id.ts'
import { createJudge } from './judge.ts'
import type { Question } from './question.ts'

const mostSamples = 2000
const day = 86_400_000
const path = 'requests/2026/01/sample.yaml'

/**
 * Small requests that somebody should be able to make: each role of the catalogue in each scope, for a quarter of
 * an hour, at this moment and on a weekday's noon, by its owners first and then by everybody, nobody for the
 * same role twice in a row. Whoever asks is in every team: a lock-out is said of certain ones only.
 */
function* samples({ directory, commit }: PolicySet, now: number): Generator<Question> {
  const asked = directory.roles.flatMap((role) => role.scopes.map((scope) => ({ role, scope })))
  const people = directory.identities.filter(({ blocked }) => !blocked)
  const teams = directory.groups.flatMap((group) => ('team' in group ? [group.name] : []))
  const owners = new Map(
    directory.groups.map((group) => [group.name, 'members' in group ? group.members : []]),
  )
  const question = (person: (typeof people)[number], one: (typeof asked)[number], at: number): Question => {
    const user = { id: person.id, login: person.login, email: '', groups: teams, trustTier: 0 }
    return {
      path,
      requester: user,
      author: user,
      request: {
        id: requestId(0, 0, `${commit} ${path}`),
        requester: person.login,
        provider: one.role.provider,
        role: one.role.role,
        scope: one.scope,
        durationSeconds: Math.min(900, one.role.maxDurationSeconds),
        reason: 'INC-1 a sample of a request',
        ticket: 'INC-1',
        breakGlass: false,
        metadata: {},
      },
      now: at,
      repository: 'sample/access',
      pull: 1,
      activeGrants: [],
      queuedGrants: [],
    }
  }
  for (const at of [now, weekdayNoon(now)]) {
    for (const one of asked) {
      for (const group of one.role.owners) {
        for (const login of owners.get(group) ?? []) {
          const person = directory.byLogin(login)
          if (person !== undefined) yield question(person, one, at)
        }
      }
    }
    for (const turn of asked.keys()) {
      for (const [index, person] of people.entries()) {
        const one = asked[(index + turn) % asked.length]
        if (one !== undefined) yield question(person, one, at)
      }
    }
  }
}

/** The next Tuesday, 12:00 UTC: a policy that looks at the clock most likely allows it then. */
function weekdayNoon(now: number): number {
  // The epoch was a Thursday.
  const sinceTuesday = (Math.floor(now / day) + 2) % 7
  return (Math.floor(now / day) - sinceTuesday + 7) * day + day / 2
}

/** Whether any sample passes; asks at most `mostSamples` of them, and none once `enough` is aborted. */
export async function anySamplePasses(set: PolicySet, now: number, enough: AbortSignal): Promise<boolean> {
  const judge = createJudge(set)
  let asked = 0
  for (const sample of samples(set, now)) {
    if (asked === mostSamples || enough.aborted) return false
    asked += 1
    if ((await judge(sample)).verdict === 'passes') return true
  }
  return false
}
