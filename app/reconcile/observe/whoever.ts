import type { GroupFact, PersonFact } from '../../decision/facts.ts'
import { agreed, evaluationsIn, readings } from '../../decision/readings.ts'
import type { PolicyAnswer, PolicyQuestion, PolicySet } from '../ports/evaluator.ts'

type Gone = { readonly team: string; readonly groups: readonly string[]; readonly words: string }

/** Teams of the directory that GitHub does not name. */
const goneIn = (groups: readonly GroupFact[]): readonly Gone[] => {
  const teams = new Map<string, Gone>()
  for (const group of groups) {
    if (!('unknown' in group) || group.team === undefined) continue
    const { team, name, unknown: words } = group
    teams.set(team, { team, words, groups: [...(teams.get(team)?.groups ?? []), name] })
  }
  return [...teams.values()]
}

/**
 * Asks the policies, and where GitHub does not name a team, for each way in which the people of the question may be in
 * it: what does not hold in all of them is no answer (trust.md 6.17).
 * @param options `room`: how many evaluations those further ways may take; beyond it, it is too many to say
 * @returns with `missing`, in words, where something depends on it
 */
export const askWhoever = async (
  set: PolicySet,
  question: PolicyQuestion,
  options: { readonly without: readonly string[]; readonly hints: boolean; readonly room: number },
  people: { readonly groups: readonly GroupFact[]; readonly heard: readonly PersonFact[] },
): Promise<PolicyAnswer & { readonly missing?: readonly string[] }> => {
  const { without, hints, room } = options
  const answer = await set.ask(question, { without, hints })
  const gone = goneIn(people.groups)
  if (gone.length === 0) return answer
  const again = readings(question, {
    teams: gone.map(({ groups }) => groups),
    groups: people.groups.map(({ name }) => name),
    mayBelong: (id) => set.directory.byId(id)?.blocked !== true,
    each: answer.approval.some(({ reviewers }) => reviewers.length > 0),
    cost: evaluationsIn(answer),
    room,
  })
  const others = again && (await inRoom(again, room, (one) => set.ask(one, { without })))
  const why = `it depends on who is in ${gone.map(({ team }) => `team ${team}`).join(' or ')}`
  const heard = new Set(people.heard.map(({ id }) => id))
  const { sure, ...whole } = agreed(answer, others, heard, why)
  return sure ? whole : { ...whole, missing: gone.map(({ words }) => words) }
}

/** Whom a policy has to be asked about may depend on the reading, and shows in its answer. */
const inRoom = async (
  all: readonly PolicyQuestion[],
  room: number,
  ask: (question: PolicyQuestion) => Promise<PolicyAnswer>,
): Promise<readonly PolicyAnswer[] | undefined> => {
  const answers: PolicyAnswer[] = []
  let left = room
  for (const one of all) {
    const answer = await ask(one)
    left -= evaluationsIn(answer)
    if (left < 0) return undefined
    answers.push(answer)
  }
  return answers
}
