import type { Truth } from './truth.ts'

/** 3.9: harmless alone, and not with what this person has already, or asks for in these same requests. */
export const toxic = (truth: Truth, path: string, requests: readonly string[]): readonly string[] => {
  const { git, policy, pull, standing } = truth
  const at = (one: string) => truth.asks(git.files(pull.head).get(one) ?? '')
  const asked = at(path)
  const person = policy?.people.find(({ login }) => login === asked?.requester)?.id
  const others = [
    ...standing.filter((one) => one.person === person && one.path !== path).map(({ role }) => role),
    ...requests
      .map(at)
      .filter((one) => one?.requester === asked?.requester)
      .map((one) => one?.role),
  ]
  const clash = policy?.apart.some(
    ([one, other]) =>
      (asked?.role === one && others.includes(other)) || (asked?.role === other && others.includes(one)),
  )
  return clash ? ['3.9 toxic together'] : []
}
