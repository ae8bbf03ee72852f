import type { GroupFact, PersonFact } from '../../decision/facts.ts'
import { agreed, readings } from '../../decision/readings.ts'
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
 * @returns with `missing`, in words, where something depends on it
 */
export const askWhoever = async (
  set: PolicySet,
  question: PolicyQuestion,
  options: { readonly without: readonly string[]; readonly hints: boolean },
  people: { readonly groups: readonly GroupFact[]; readonly heard: readonly PersonFact[] },
): Promise<PolicyAnswer & { readonly missing?: readonly string[] }> => {
  const answer = await set.ask(question, options)
  const gone = goneIn(people.groups)
  if (gone.length === 0) return answer
  const again = readings(question, {
    teams: gone.map(({ groups }) => groups),
    groups: people.groups.map(({ name }) => name),
    mayBelong: (id) => set.directory.byId(id)?.blocked !== true,
    each: answer.approval.some(({ reviewers }) => reviewers.length > 0),
  })
  const others: PolicyAnswer[] = []
  for (const one of again ?? []) others.push(await set.ask(one, { without: options.without }))
  const why = `it depends on who is in ${gone.map(({ team }) => `team ${team}`).join(' or ')}`
  const heard = new Set(people.heard.map(({ id }) => id))
  const { sure, ...whole } = agreed(answer, again && others, heard, why)
  return sure ? whole : { ...whole, missing: gone.map(({ words }) => words) }
}
