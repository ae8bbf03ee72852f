import { hash } from 'node:crypto'
import type { Json, LedgerEvent } from '../../app/audit/event.ts'
import { readFolder } from '../../app/policy/folder.ts'
import { createPolicyLoader } from '../../app/policy/load.ts'
import type { Opa } from '../../app/policy/opa.ts'
import { createPackaged, readCapabilities } from '../../app/policy/packaged.ts'
import { createEvaluatorPool } from '../../app/policy/pool.ts'
import { createPolicyTrial, type TrialDeps } from '../../app/policy/trial/trial.ts'
import type { PolicyQuestion } from '../../app/reconcile/ports/evaluator.ts'
import { GitError, type TreeEntry } from '../../app/reconcile/ports/git.ts'
import type { PolicyTrialReport } from '../../app/reconcile/ports/policy-trial.ts'
import { requestId } from '../../app/request/id.ts'
import { writeInstant } from '../../app/request/instant.ts'
import { sundayNight } from './question.ts'

export const repository = 123456
const accepted = 'a'.repeat(40)
const head = 'b'.repeat(40)

/** Path → text, `undefined` takes it away, or an entry of another kind. */
export type Changes = Readonly<Record<string, string | undefined | { readonly mode: string }>>
type Entry = TreeEntry & { readonly bytes: Uint8Array }

const entryOf = (path: string, bytes: Uint8Array, mode = '100644'): Entry => ({
  path,
  mode,
  sha: hash('sha1', Buffer.concat([Buffer.from(`${mode} `), bytes])),
  size: bytes.length,
  bytes,
})

/** This repository's own policies with changes. */
const treeOf = (changes: Changes): readonly Entry[] => {
  const entries = new Map([...readFolder('.')].map(([path, bytes]) => [path, entryOf(path, bytes)]))
  for (const [path, change] of Object.entries(changes)) {
    if (change === undefined) entries.delete(path)
    else if (typeof change === 'string') entries.set(path, entryOf(path, Buffer.from(change)))
    else entries.set(path, entryOf(path, Buffer.from('/etc/passwd'), change.mode))
  }
  return [...entries.values()]
}

/** Some file of this repository's policies, one thing in it replaced. */
export const edited = (path: string, from: string, to: string): Record<string, string> => {
  const text = Buffer.from(readFolder('.').get(path) ?? []).toString('utf8')
  if (!text.includes(from)) throw new Error(`${path} does not say ${from}`)
  return { [path]: text.replace(from, to) }
}

/** One for all files of a process, which it does not keep alive. */
const pool = createEvaluatorPool()

/** A ledger with decisions by this repository's own policies, and trials against it. */
export const trialWorld = (options: { readonly opa?: Opa; readonly limits?: TrialDeps['limits'] } = {}) => {
  const evidence = new Map<string, Uint8Array>()
  const events: LedgerEvent[] = []
  const packaged = createPackaged()
  const now = sundayNight
  return {
    evidence,
    events,
    now,
    /** Decides and records, `daysAgo`; returns the request's id. */
    async record(name: string, question: PolicyQuestion, daysAgo = 1): Promise<string> {
      const set = await createPolicyLoader({ pool, packaged })(accepted, readFolder('.'))
      const path = `requests/2026/12/${name}.yaml`
      const id = requestId(repository, question.pull, path)
      const at = now - daysAgo * 86_400_000
      const answer = await set.ask({ ...question, now: at, request: { ...question.request, id } })
      for (const { digest, bytes } of answer.evidence) evidence.set(digest, bytes)
      const [first] = answer.eligibility
      const evaluations = [{ policy: first?.policy, type: 'eligibility', ...first?.digests }]
      events.push({
        v: 1,
        type: 'request.evaluated',
        at: writeInstant(at),
        actor: { kind: 'app', id: '1' },
        request: id,
        repo: repository,
        pull: question.pull,
        data: { path, evaluations: evaluations as unknown as Json },
      })
      return id
    },
    /** Tries this repository's policies with changes, against those with `before` changed. */
    try(changes: Changes, before: Changes = {}, signal?: AbortSignal): Promise<PolicyTrialReport> {
      return this.trial(changes, before).run(signal)
    },
    /** The same, to be run more than once. */
    trial(changes: Changes, before: Changes = {}) {
      const trees = new Map([
        [accepted, treeOf(before)],
        [head, treeOf(changes)],
      ])
      const deps: TrialDeps = {
        git: {
          mirror: () => ({
            fetch: async () => ({ tip: accepted }),
            tree: async (commit) => trees.get(commit) ?? [],
            blob: async (sha) => {
              for (const entries of trees.values())
                for (const entry of entries) if (entry.sha === sha) return entry.bytes
              throw new GitError('missing', sha)
            },
          }),
        },
        ledger: {
          async *read({ types, since = 0 }) {
            for (const [index, event] of events.entries()) {
              if (types?.includes(event.type) === false || Date.parse(event.at) < since) continue
              yield { seq: index + 1, event, body: new Uint8Array(), leaf: new Uint8Array() }
            }
          },
        },
        keys: { verify: () => true },
        evidence: async (digest) => evidence.get(digest),
        packaged,
        capabilities: readCapabilities(),
        opa: options.opa,
        clock: { now: () => now },
        ...(options.limits === undefined ? {} : { limits: options.limits }),
      }
      const { trial } = createPolicyTrial(deps)
      const never = new AbortController().signal
      return { run: (signal: AbortSignal = never) => trial({ repository, head, accepted }, signal) }
    },
  }
}
