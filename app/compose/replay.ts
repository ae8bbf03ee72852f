import { join } from 'node:path'
import { eventOf } from '../audit/body.ts'
import type { LedgerEvent } from '../audit/event.ts'
import { findInExport } from '../audit/prove.ts'
import { evidenceOf } from '../audit/verify.ts'
import type { Replay, ReplaySource } from '../cli/deps.ts'
import { loadConfig } from '../config.ts'
import { openClone } from '../git/clone.ts'
import { createPolicyLoader } from '../policy/load.ts'
import { packagedByDigest } from '../policy/packaged.ts'
import { PolicyLoadError } from '../policy/policy-fault.ts'
import { isDecision, type ReplayDeps, replayDecision } from '../policy/replay.ts'
import { proposedAgain } from '../policy/trial/proposed-again.ts'
import { readPolicies } from '../policy/trial/read-policies.ts'
import { GitError } from '../reconcile/ports/git.ts'
import { readRequest, requestSizeLimit } from '../request/read.ts'
import { openDatabase } from '../store/database.ts'
import { evidenceBytes } from '../store/ledger/evidence.ts'
import { ledgerReads, sealedAt } from '../store/ledger/read.ts'
import { exportLines } from './audit.ts'
import { openServed } from './database.ts'
import { policyTools } from './policy-tools.ts'

type Wanted = { readonly request: string } | { readonly seq: number }
type Recorded = { readonly seq: number; readonly event: LedgerEvent }

/** What is replayed, from wherever it lies: nothing here asks GitHub, or writes. */
type Records = {
  readonly events: readonly Recorded[]
  readonly evidence: ReplayDeps['evidence']
  /** The folder of a repository's clone. */
  readonly clone: (repository: number) => string
  close(): Promise<void>
}

/** Makes recorded decisions again and says of each whether it comes out the same. */
export const replayFrom = async (
  source: ReplaySource,
  wanted: Wanted,
  env: NodeJS.ProcessEnv,
): Promise<readonly Replay[]> => {
  const records = await open(source, wanted, env)
  const tools = await policyTools(env)
  try {
    const found: Replay[] = []
    for (const { seq, event } of records.events.filter((one) => isDecision(one.event))) {
      const clone = await openClone(records.clone(event.repo ?? 0))
      const { reworded, ...replayed } = await replayDecision(
        {
          evidence: records.evidence,
          policies: policiesIn(clone, tools),
          proposed: proposedAgain({ clone, ...tools }),
          request: requestIn(clone),
        },
        event,
      ).finally(() => clone.close())
      const { type, at, data } = event
      const outcome =
        replayed.differences.length > 0
          ? 'different'
          : replayed.missing.length > 0
            ? 'not_replayable'
            : reworded === true
              ? 'reworded'
              : 'same'
      const verdict = typeof data.verdict === 'string' ? data.verdict : type.slice(type.indexOf('.') + 1)
      found.push({ seq, type, at, verdict, outcome, ...replayed })
    }
    return found
  } finally {
    await tools.close()
    await records.close()
  }
}

const open = async (source: ReplaySource, wanted: Wanted, env: NodeJS.ProcessEnv): Promise<Records> => {
  if ('export' in source) return fromExport(source.export, source.repository, wanted)
  if ('databaseUrl' in source)
    return fromDatabase(
      source.databaseUrl,
      () => source.repository,
      wanted,
      async () => undefined,
    )
  const config = loadConfig(source.config, env)
  const served = await openServed(config)
  const mirror = (repository: number) => join(config.stateDir, 'mirrors', String(repository))
  return fromDatabase(served.url, mirror, wanted, served.stop)
}

const fromDatabase = async (
  url: string,
  clone: Records['clone'],
  wanted: Wanted,
  stop: () => Promise<void>,
): Promise<Records> => {
  const database = await openDatabase(url)
  const found =
    'seq' in wanted
      ? [(await sealedAt(database, wanted.seq)) ?? []].flat()
      : await ledgerReads(database).history(wanted.request)
  return {
    events: found,
    evidence: (digest) => evidenceBytes(database, digest),
    clone,
    close: async () => {
      await database.close()
      await stop()
    },
  }
}

/** Twice through the file, so that no more of it is kept than what the decisions rest on. */
const fromExport = async (file: string, clone: string, wanted: Wanted): Promise<Records> => {
  const { events: found } = await findInExport(exportLines(file), wanted)
  const events = found.map(({ seq, body }) => ({ seq, event: eventOf(body) }))
  const needed = new Set(events.flatMap(({ event }) => evidenceOf(event)))
  const evidence = new Map<string, Uint8Array>()
  for await (const line of exportLines(file))
    if (line.kind === 'evidence' && needed.has(line.digest))
      evidence.set(line.digest, Buffer.from(line.bytes, 'utf8'))
  return {
    events,
    evidence: async (digest) => evidence.get(digest),
    clone: () => clone,
    close: async () => undefined,
  }
}

type Clone = Awaited<ReturnType<typeof openClone>>

/** Compiled anew where this machine can; else the packaged wasm, by its sources or, failing that, by its digest. */
const policiesIn = (
  clone: Clone,
  { pool, packaged, compile }: Awaited<ReturnType<typeof policyTools>>,
): ReplayDeps['policies'] => {
  return async (commit, recorded) => {
    const notes: string[] = []
    const shipped: typeof packaged = (policy, lib) => {
      const same = packaged(policy, lib)
      const digest = recorded.get(policy.name)
      if (same !== undefined || compile !== undefined || digest === undefined) return same
      const found = packagedByDigest(digest)
      if (found !== undefined)
        notes.push(
          `policy ${policy.name}: without opa, the packaged wasm of the recorded digest was asked; that ${commit.slice(0, 10)} compiles to it is not shown`,
        )
      return found
    }
    try {
      const { files } = await readPolicies(clone, commit)
      return { set: await createPolicyLoader({ pool, packaged: shipped, compile })(commit, files), notes }
    } catch (error) {
      if (error instanceof GitError) return { missing: `the policies of ${commit}: ${error.message}` }
      if (!(error instanceof PolicyLoadError)) throw error
      return { missing: `the policies of ${commit} cannot be loaded: ${error.message}` }
    }
  }
}

const requestIn =
  (clone: Clone): ReplayDeps['request'] =>
  async (blob, path, start) => {
    try {
      const read = readRequest(await clone.blob(blob, requestSizeLimit), path, start)
      return read.ok ? { ok: true, request: read.request } : { ok: false, faults: read.faults }
    } catch (error) {
      if (!(error instanceof GitError)) throw error
      return { missing: `${path} as it was decided on: ${error.message}` }
    }
  }
