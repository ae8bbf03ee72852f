import type { Truth } from './truth.ts'

const day = 86_400_000

/** Sections 1 and 4, and what a request is: whose rules hold, and whether they let this person have this at all. */
export const outOfRules = (truth: Truth, path: string): readonly string[] => {
  const { git, policy, pull, repository } = truth
  const asked = truth.asks(git.files(pull.head).get(path) ?? '')
  if (policy === undefined) return ['1.3 no accepted policies']
  if (asked === undefined) return ['the file is no request']
  const no: string[] = []

  const role = policy.roles.find((one) => one.role === asked.role && one.provider === asked.provider)
  if (!repository.providers.includes(asked.provider)) no.push('1.1 out of the reach that is configured')
  if (role === undefined || !role.scopes.includes(asked.scope)) no.push('no such role and scope')
  if (role !== undefined && asked.seconds > role.seconds) no.push('longer than the role allows')
  if (asked.breakGlass) no.push('8 break-glass is not available yet')

  // 6.16: a login whose number differs is unknown.
  const known = policy.people.find(({ login }) => login === asked.requester)
  const account = truth.account(asked.requester)
  if (known === undefined || known.blocked || account?.id !== known.id)
    no.push('6.16 the requester is nobody known')
  if (pull.author.type !== 'User') no.push('6.14 opened by a bot')
  if (known?.id !== pull.author.id && !policy.onBehalf) no.push('4.3 on behalf of somebody else')

  if (!policy.allow) no.push('4 no policy allows it')
  if (policy.deny.length > 0) no.push('4.3 a policy denies it')
  const human = policy.required.length > 0 || policy.tier === 'human' || policy.tier === 'ai_review'
  if (!human && policy.tier !== 'auto') no.push('4.2 a tier that nobody knows')
  if (human && policy.required.length === 0) no.push('4.2 people are to approve and none is named')
  for (const { group, count } of policy.required) {
    if (!(count >= 1)) no.push('4.2 a count below one')
    if ((policy.groups[group] ?? []).length === 0) no.push('4.2 a group unknown or empty')
  }

  const start = asked.startsAt
  if (truth.moment === 'merge' && start !== undefined && start > truth.now + 14 * day)
    no.push('3.7 it starts too far ahead')
  if (truth.moment === 'start') {
    const from = Math.max(start ?? 0, pull.merged?.at ?? 0)
    if (truth.now < from) no.push('3.7 its start has not come')
    if (truth.now > from + repository.grantWindow) no.push('3.7 its start was missed')
  }
  return no
}
