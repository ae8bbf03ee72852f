import type { Truth } from './truth.ts'

/** 6.27: what somebody who may take it away has taken away is not given first. Who is blocked belongs to no group. */
export const revoked = ({ git, policy, pull, repository, revokers, asks }: Truth, path: string) => {
  const asked = asks(git.files(pull.head).get(path) ?? '')
  const groups = policy?.required.flatMap(({ group }) => policy.groups[group] ?? []) ?? []
  const people = policy?.people.filter(
    ({ login, blocked }) => login === asked?.requester || (!blocked && groups.includes(login)),
  )
  const may = [...repository.administrators, ...(people ?? []).map(({ id }) => id)]
  return revokers.some((one) => may.includes(one)) ? ['6.27 revoked while it was open'] : []
}
