import type { Truth } from './truth.ts'

/** Where a request lies: a year, a month, a name in small plain letters. */
const place = /^requests\/[0-9]{4}\/(0[1-9]|1[0-2])\/[a-z0-9][a-z0-9-]{0,63}\.yaml$/

/** Section 3 and GitHub's traps: whether this is the merge of what was read, in its time, on the one branch. */
export const notAsApproved = (truth: Truth, path: string): readonly string[] => {
  const { git, pull, repository, tip, moment, now } = truth
  if (pull.merged === undefined) return ['3.1 it is not merged']
  const { at, commit, before } = pull.merged
  const no: string[] = []
  const blob = git.files(pull.head).get(path)
  const same = (a: string, b: string, name: string) =>
    git.files(a).get(name) === git.files(b).get(name) && git.mode(a, name) === git.mode(b, name)
  if (pull.base !== repository.branch) no.push('1.2 into another branch')
  if (pull.fork) no.push('6.22 from a fork')
  if (pull.draft) no.push('6.23 a draft')
  if (!git.history(tip).has(commit)) no.push('3.1 the merge is not on the branch')
  if (git.files(commit).get(path) !== blob) no.push('3.1 the merge holds other bytes')
  const since = git.line(tip).filter((one) => git.history(one).has(commit))
  if (since.some((one) => !same(one, pull.head, path)))
    no.push('3.4 changed or gone on the branch, if only for a while')
  if ([...git.history(before)].some((one) => git.files(one).has(path))) no.push('3.4 the path is used up')
  if (truth.taken.has(path)) no.push('3.4 the path has its grant')
  // 6.06b: one merge can bring two pull requests.
  const along = (one: string) => git.history(commit).has(one) && !git.history(before).has(one)
  if (truth.refusals.some((one) => one.path === path && !along(one.commit)))
    no.push('3.4 the path was refused before')
  if (moment === 'merge' && now > at + repository.grantWindow) no.push('3.6 too late')
  if (at >= (pull.opened(path) ?? at) + repository.pendingTtl) no.push('7.03 open for too long')
  const from = git.forkPoint(before, pull.head)
  const [was, is] = [git.files(from), git.files(pull.head)]
  const touched = [...was.keys(), ...is.keys()].filter((name) => !same(from, pull.head, name))
  if (!touched.every((name) => name.startsWith('requests/'))) no.push('6.12 something else beside requests')
  if (touched.some((name) => was.has(name) && is.has(name)))
    no.push('3.4 a request that was merged would change')
  const brought = touched.filter((name) => is.has(name))
  if (brought.some((name) => git.mode(pull.head, name) !== '100644')) no.push('6.11 not a plain file')
  if (!brought.every((name) => place.test(name))) no.push('6.11 not where a request lies')
  return no
}
