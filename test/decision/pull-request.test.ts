import type { RequestFacts } from '../../app/decision/facts.ts'
import { alice, merged, open, path, request } from './fixture.ts'
import { decides } from './table.ts'

const added = { path, kind: 'added', mode: '100644' } as const
const at = (path: string, kind: 'added' | 'changed' | 'deleted' = 'added', mode = '100644') => ({
  path,
  kind,
  mode,
})
const nothing = { requests: [], reviews: [] }

decides('pull requests', open, [
  { name: 'the fixture', patch: {}, verdict: 'passed', summary: 'approved by bob' },
  {
    name: 'another base',
    patch: { pull: { base: 'develop' } },
    verdict: 'denied',
    rule: '1.2',
    summary: /develop/,
  },
  { name: 'a fork', patch: { pull: { fromFork: true } }, verdict: 'denied', rule: '6.22' },
  {
    name: 'a head that another one has',
    patch: { pull: { sharing: [8] } },
    verdict: 'denied',
    rule: '6.06a',
  },
  { name: 'a draft', patch: { pull: { draft: true } }, verdict: 'action_required', rule: '6.23' },
  { name: 'a closed one', patch: { pull: { state: 'closed' } }, verdict: 'action_required', rule: '6.23' },
  { name: 'a bot as author', patch: { pull: { authorIsUser: false } }, verdict: 'denied', rule: '6.14' },
  {
    name: 'no accepted policies',
    patch: { facts: { policy: { missing: 'none was accepted' } } },
    verdict: 'denied',
    rule: '1.3',
    summary: 'none was accepted',
  },
  {
    name: 'no accepted policies, so nobody was looked up',
    patch: {
      facts: { policy: { missing: 'none was accepted' } },
      without: ['requester', 'role', 'policies'],
    },
    verdict: 'denied',
    rule: '1.3',
    summary: /^none was accepted$/,
  },
  {
    name: 'trouble',
    patch: { facts: { troubles: ['GitHub answered 502'] } },
    verdict: 'not_yet',
    rule: '3.12',
    summary: 'GitHub answered 502',
  },
  {
    name: 'trouble beside a certain refusal',
    patch: { pull: { fromFork: true }, facts: { troubles: ['x'] } },
    verdict: 'denied',
    rule: '6.22',
  },
])

decides('paths', open, [
  {
    name: 'nothing of ours',
    patch: { facts: { ...nothing, changes: [at('README.md'), at('src/requests/2026/12/a.yaml')] } },
    verdict: 'passed',
    summary: 'nothing to decide',
  },
  {
    name: 'nothing at all',
    patch: { facts: { ...nothing, changes: [] } },
    verdict: 'passed',
    summary: 'nothing to decide',
  },
  {
    name: 'nothing of ours from a fork',
    patch: { pull: { fromFork: true }, facts: { ...nothing, changes: [at('README.md')] } },
    verdict: 'passed',
  },
  {
    name: 'nothing of ours into another base',
    patch: { pull: { base: 'x' }, facts: { ...nothing, changes: [at('README.md')] } },
    verdict: 'denied',
    rule: '1.2',
  },
  {
    name: 'nothing of ours, in trouble',
    patch: { facts: { ...nothing, changes: [at('README.md')], troubles: ['x'] } },
    verdict: 'not_yet',
    rule: '3.12',
  },
  {
    name: 'only deletions',
    patch: { facts: { ...nothing, changes: [at(path, 'deleted')] } },
    verdict: 'passed',
    summary: `merging revokes ${path}`,
  },
  {
    name: 'deletions need no policies',
    patch: { facts: { ...nothing, policy: { missing: 'none' }, changes: [at(path, 'deleted')] } },
    verdict: 'passed',
  },
  {
    name: 'a changed request file',
    patch: { facts: { ...nothing, changes: [at(path, 'changed')] } },
    verdict: 'denied',
    rule: '3.4',
    summary: `${path} would change: requests are immutable once merged`,
  },
  {
    name: 'a changed request file beside an addition and a deletion',
    patch: {
      facts: {
        changes: [
          added,
          at('requests/2025/01/old.yaml', 'deleted'),
          at('requests/2025/02/b.yaml', 'changed'),
        ],
      },
    },
    verdict: 'denied',
    rule: '3.4',
    summary: /requests\/2025\/02\/b.yaml would change/,
  },
  {
    name: 'a request changed into a symbolic link',
    patch: { facts: { ...nothing, changes: [at(path, 'changed', '120000')] } },
    verdict: 'denied',
    rule: '6.11',
  },
  {
    name: 'an addition beside a deletion',
    patch: { facts: { changes: [added, at('requests/2025/01/old.yaml', 'deleted')] } },
    verdict: 'passed',
    summary: /approved by bob; merging revokes requests\/2025\/01\/old.yaml/,
  },
  {
    name: 'a request and something else',
    patch: { facts: { changes: [added, at('README.md')] } },
    verdict: 'denied',
    rule: 'requests',
    summary: /README.md/,
  },
  {
    name: 'a deletion and something else',
    patch: { facts: { ...nothing, changes: [at(path, 'deleted'), at('README.md')] } },
    verdict: 'denied',
    rule: 'requests',
  },
  {
    name: 'policies',
    patch: { facts: { ...nothing, changes: [at('policies/x.rego', 'changed')] } },
    verdict: 'denied',
    rule: '1.3',
    summary: /policies\/x.rego/,
  },
  {
    name: 'policies and a request',
    patch: { facts: { changes: [added, at('policies/data/roles.yaml', 'changed')] } },
    verdict: 'denied',
    rule: '1.3',
  },
  {
    name: 'a path that is not canonical',
    patch: { facts: { changes: [added, at('requests/2026/12/README.md')] } },
    verdict: 'denied',
    rule: '6.11',
  },
  {
    name: 'a month 13',
    patch: { facts: { ...nothing, changes: [at('requests/2026/13/a.yaml')] } },
    verdict: 'denied',
    rule: '6.11',
  },
  {
    name: 'a newline in a path',
    patch: { facts: { ...nothing, changes: [at('requests/2026/12/a.yaml\n')] } },
    verdict: 'denied',
    rule: '6.11',
  },
  {
    name: 'an executable file',
    patch: { facts: { changes: [at(path, 'added', '100755')] } },
    verdict: 'denied',
    rule: '6.11',
  },
  {
    name: 'a symbolic link',
    patch: { facts: { changes: [at(path, 'added', '120000')] } },
    verdict: 'denied',
    rule: '6.11',
  },
  {
    name: 'a submodule',
    patch: { facts: { ...nothing, changes: [at('requests/2026/12/a.yaml', 'added', '160000')] } },
    verdict: 'denied',
    rule: '6.11',
  },
  {
    name: 'a link in place of the folder',
    patch: { facts: { ...nothing, changes: [at('requests', 'added', '120000')] } },
    verdict: 'denied',
    rule: '6.11',
  },
  {
    name: 'a folder that differs in case',
    patch: { facts: { ...nothing, changes: [at('Requests/2026/12/a.yaml')] } },
    verdict: 'denied',
    rule: '6.11',
  },
  {
    name: 'a folder that some file systems fold',
    patch: { facts: { ...nothing, changes: [at('requeſts/2026/12/a.yaml')] } },
    verdict: 'denied',
    rule: '6.11',
  },
  {
    name: 'a folder with a character that hides',
    patch: { facts: { ...nothing, changes: [at('req\u200cuests/2026/12/a.yaml')] } },
    verdict: 'denied',
    rule: '6.11',
  },
  {
    name: 'policies in capitals',
    patch: { facts: { ...nothing, changes: [at('POLICIES/x.rego')] } },
    verdict: 'denied',
    rule: '6.11',
  },
  {
    name: 'a request without facts',
    patch: { facts: { changes: [added, at('requests/2026/12/b.yaml')] } },
    verdict: 'not_yet',
    rule: '6.12',
  },
  {
    name: 'facts without their file',
    patch: { facts: { changes: [at('requests/2026/12/b.yaml', 'deleted')] } },
    verdict: 'not_yet',
    rule: '6.12',
  },
  {
    name: 'facts of one with its file and of one without',
    patch: {
      facts: { requests: [request, { ...request, id: 'req_other', path: 'requests/2026/12/b.yaml' }] },
    },
    verdict: 'not_yet',
    rule: '6.12',
  },
  {
    name: 'facts about a changed file',
    patch: { facts: { changes: [at(path, 'changed')] } },
    verdict: 'denied',
    rule: '3.4',
  },
  {
    name: 'one request twice',
    patch: { facts: { requests: [request, request] } },
    verdict: 'not_yet',
    rule: '6.12',
  },
])

const many = (count: number) => Array.from({ length: count }, (_, n) => at(`requests/2026/12/x-${n}.yaml`))

decides('many requests', open, [
  {
    name: 'as many as are looked into, of which nothing is known',
    patch: { facts: { ...nothing, changes: many(100) } },
    verdict: 'not_yet',
    rule: '6.12',
  },
  {
    name: 'one more',
    patch: { facts: { ...nothing, changes: many(101) } },
    verdict: 'denied',
    rule: 'requests',
    summary: 'it adds 101 files under requests/, and a pull request may add 100',
  },
  {
    name: 'one more, though facts are there',
    patch: { facts: { changes: [...many(100), added] } },
    verdict: 'denied',
    rule: 'requests',
  },
  {
    name: 'as many deletions as one likes',
    patch: { facts: { ...nothing, changes: many(200).map((one) => ({ ...one, kind: 'deleted' as const })) } },
    verdict: 'passed',
  },
])

decides('many requests, merged', merged, [
  {
    name: 'refused, for nothing more can be found out',
    patch: { facts: { ...nothing, changes: many(101) } },
    verdict: 'denied',
    rule: 'requests',
  },
])

decides('from a fork', open, [
  {
    name: 'whose requester was looked up all the same',
    patch: {
      pull: { fromFork: true },
      request: { requester: { unknown: 'nobody knows alice', remedy: 'add her' } },
      without: ['role', 'policies'],
    },
    verdict: 'denied',
    rule: 'requester',
  },
  {
    name: 'whose role was looked up all the same',
    patch: {
      pull: { fromFork: true },
      request: { role: { unknown: 'nobody knows the role', remedy: 'add it' } },
      without: ['requester', 'policies'],
    },
    verdict: 'denied',
    rule: 'role',
  },
])
const unasked = { without: ['requester', 'role', 'policies'] as const, pull: { fromFork: true } }
decides('from a fork, so that nobody was looked up', open, [
  {
    name: 'open',
    patch: unasked,
    verdict: 'denied',
    rule: '6.22',
    summary: /^the pull request comes from a fork$/,
  },
])
decides('from a fork, so that nobody was looked up, and merged', merged, [
  {
    name: 'refused, for nobody will be',
    patch: { ...unasked, pull: { ...merged.pull, fromFork: true } },
    verdict: 'denied',
    rule: '6.22',
    summary: /^the pull request comes from a fork$/,
  },
])

const second = { ...request, id: 'req_B', path: 'requests/2026/12/second.yaml' } as const
const nobody = ({ requester: _, ...rest }: RequestFacts): RequestFacts => rest
const both = [added, at(second.path)]
const approvedTwice = open.reviews.map((one) => ({
  ...one,
  blobs: { ...one.blobs, [second.path]: second.blob },
}))

decides('several requests', open, [
  {
    name: 'one is refused and of one nobody knows enough: what can only be refused says so before the merge',
    patch: {
      facts: {
        changes: both,
        requests: [
          { ...request, requester: { unknown: 'nobody knows alice', remedy: 'add her' } },
          nobody(second),
        ],
        reviews: approvedTwice,
      },
    },
    verdict: 'denied',
    summary: '2 requests, 1 denied, 1 not yet: nobody knows alice',
  },
  {
    name: 'one review serves both',
    patch: { facts: { changes: both, requests: [request, second], reviews: approvedTwice } },
    verdict: 'passed',
    summary: '2 requests, 2 passed',
  },
  {
    name: 'the other is not approved',
    patch: { facts: { changes: both, requests: [request, second] } },
    verdict: 'action_required',
    rule: '3.3',
  },
  {
    name: 'the other is refused',
    patch: {
      facts: { changes: both, requests: [request, { ...second, usedUp: true }], reviews: approvedTwice },
    },
    verdict: 'denied',
    rule: '3.4',
  },
  {
    name: 'a used-up path',
    patch: { request: { usedUp: true } },
    verdict: 'denied',
    rule: '3.4',
    summary: /one path is one request for ever/,
  },
  {
    name: 'another requester is not the author',
    patch: { pull: { author: { ...alice, id: 77 } } },
    verdict: 'denied',
    rule: '4.3',
  },
])
