import { missing } from './approvals.ts'
import type { Truth } from './truth.ts'

/** 1.3 told again: everything that stands against accepting the policies that a pull request brought. */
export const againstPolicies = (truth: Truth): readonly string[] => {
  const { git, pull, repository, tip } = truth
  if (pull.merged === undefined) return ['3.1 it is not merged']
  const { commit, before } = pull.merged
  const tree = (of: string): string =>
    JSON.stringify(
      [...git.files(of)]
        .flatMap(([path, blob]) => (path.startsWith('policies/') ? [[path, git.mode(of, path), blob]] : []))
        .sort(),
    )
  const from = git.forkPoint(before, pull.head)
  const [was, is] = [git.files(from), git.files(pull.head)]
  const touched = [...was.keys(), ...is.keys()].filter((path) => was.get(path) !== is.get(path))
  const no: string[] = []
  if (!touched.some((path) => path.startsWith('policies/'))) no.push('1.3 it changes no policies')
  if (touched.some((path) => path.startsWith('requests/'))) no.push('1.3 it changes requests as well')
  if (pull.base !== repository.branch) no.push('1.2 into another branch')
  if (pull.fork) no.push('6.22 from a fork')
  if (pull.draft) no.push('6.23 a draft')
  if (!git.history(tip).has(commit)) no.push('3.1 the merge is not on the branch')
  if (tree(commit) !== tree(pull.head)) no.push('1.3 the merge holds other policies')
  if (tree(from) !== tree(before)) no.push('1.3 the branch had changed them: update first')
  return [
    ...no,
    ...missing(truth, {
      seats: Array.from({ length: repository.owners.count }, () => repository.owners.ids),
      requester: undefined,
      covers: (one) => tree(one) === tree(pull.head),
      after: 0,
    }),
  ]
}
