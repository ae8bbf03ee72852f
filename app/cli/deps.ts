import type { MergedPull } from '../audit/compare/pulls.ts'
import type { OfOthers } from '../audit/compare/receipts.ts'
import type { Verdict } from '../audit/compare/verdict.ts'
import type { Consistency } from '../audit/consistency.ts'
import type { Proof } from '../audit/proof.ts'
import type { Proven, Wanted } from '../audit/prove.ts'
import type { Receipt } from '../audit/receipt.ts'
import type { Period, Report } from '../audit/report/report.ts'
import type { SegmentRow } from '../audit/segment.ts'
import type { Binding, Unread } from '../provider/port.ts'
import type { CloudFinding } from '../reconcile/cloud.ts'
import type { Clock } from '../reconcile/ports/clock.ts'
import type { Logins } from './logins.ts'

/** Where a verb writes: text as it is, and whether a person looks at it. */
export type Output = { write(text: string): void; readonly isTTY: boolean; readonly columns: number }

/** A started part that runs until it is told to end, or ends by itself. */
export type Running = { readonly ended: Promise<void>; stop(): Promise<void> }

/** Takes text; resolves when it can take more. */
export type Write = (text: string) => Promise<void>

/** What a ledger can be asked wherever it lies: in a database or in an export. */
export type LedgerAccess = {
  /** @throws NoteError where the ledger does not lead to its newest checkpoint */
  prove(wanted: Wanted): Promise<Proven>
  /**
   * That it goes on from the checkpoint over `from` events to that over `to`, or to the newest: `consistencyText`, none
   * where that is over fewer than `from`. Undefined: there is no such checkpoint that its chain agrees with.
   * @throws NoteError where its events do not lead there
   */
  proveGrowth(
    from: number,
    to: number | undefined,
  ): Promise<{ readonly size: number; readonly proof?: string } | undefined>
  report(period: Period): Promise<Report>
  close(): Promise<void>
}

export type AuditAccess = LedgerAccess & {
  /** Writes an export, line by line (audit/export-line.ts); its first and last event, 0 of an empty ledger. */
  export(options: {
    readonly write: Write
    /** Public keys to write along. */
    readonly keys: readonly string[]
    /** A sealed segment: what checkpoints made between these times (epoch ms) are over. */
    readonly seal?: { readonly since?: number; readonly until: number }
  }): Promise<{ readonly first: number; readonly last: number }>
}

/** What is verified, and what it is compared with. */
export type VerifyAsk = {
  /** An export, or else a database. */
  readonly file?: string
  readonly databaseUrl?: string
  /** Public keys (audit/note.ts); undefined: none is known. */
  readonly keys?: readonly string[]
  readonly witnesses: readonly { readonly name: string; readonly text: string }[]
  /** Folders of clones. */
  readonly repositories: readonly string[]
  readonly github?: GitHubSays
  /** The one whose merges grant; undefined: the repository's main branch. */
  readonly branch?: string
  readonly since?: { readonly seq: number } | { readonly time: number }
  readonly fromBackup: boolean
  /** So long after its merge a request may be without its verdict. */
  readonly grantWindowMs: number
  readonly offline: boolean
  readonly stateDir?: string
  readonly threads?: number
  /** In events of a database, in bytes of files. */
  readonly progress?: (done: number, of: number) => void
}

/** What GitHub itself says of one access repository. */
export type GitHubSays = {
  readonly repository: number
  readonly merged: readonly MergedPull[]
  /** gitsudo's App, by its id; undefined: nobody said which one that is, and no receipt is known to be its own. */
  readonly app?: number
  /** Those that this App wrote by itself. */
  readonly receipts: readonly Receipt[]
  /** What other Apps wrote in the form of one: `15368 (github-actions)`. */
  readonly others?: OfOthers
  /** Undefined: GitHub does not list all of its files, and none of those that it lists is one. */
  addsRequests(pull: number): Promise<boolean | undefined>
}

/** Where recorded decisions and the repository that they were made of lie. */
export type ReplaySource =
  /** The configured service's own database and mirrors. */
  | { readonly config?: string }
  | { readonly databaseUrl: string; readonly repository: string }
  | { readonly export: string; readonly repository: string }

/** A recorded decision, made again. */
export type Replay = {
  readonly seq: number
  readonly type: string
  readonly at: string
  readonly verdict: string
  /** `reworded`: the same to the last digest, in the words of an earlier release. */
  readonly outcome: 'same' | 'reworded' | 'different' | 'not_replayable'
  readonly differences: readonly {
    readonly about: string
    readonly policy?: string
    readonly reviewer?: number
    readonly recorded: string
    readonly found: string
  }[]
  /** Why it cannot be said whether it is the same. */
  readonly missing: readonly string[]
  /** What the answer does not show. */
  readonly notes: readonly string[]
}

export type PolicyCheck = {
  readonly policies: readonly {
    readonly name: string
    readonly type: 'eligibility' | 'approval'
    readonly wasm: string
  }[]
  /** `file:line:column message; remedy`, each on its own. */
  readonly faults: readonly string[]
  /** What is allowed and worth knowing: a fallback to v0, a schema that differs. */
  readonly notes: readonly string[]
}

/** An access repository's `policies/` in a folder, without a service. */
export type LocalPolicies = {
  check(): Promise<PolicyCheck>
  /** Runs the Rego tests; `output`: a line about each. */
  test(): Promise<{ readonly passed: number; readonly failed: number; readonly output: readonly string[] }>
  evaluate(type: 'eligibility' | 'approval', input: Readonly<Record<string, unknown>>): Promise<LocalAnswer>
  close(): Promise<void>
}

export type LocalAnswer = {
  readonly allowed: boolean
  readonly reason: string
  readonly policies: readonly { readonly policy: string; readonly outcome: unknown }[]
  /** What the input did not say and was taken for so, `user.trust_tier` → 4: shown, so that nobody takes it for a fact. */
  readonly assumed: Readonly<Record<string, unknown>>
}

/** `traceless`: its grants make nothing that could be found. */
export type Found<T> = {
  readonly found: readonly T[]
  readonly unread?: readonly Unread[]
  readonly traceless?: boolean
}

/** What one provider answered, but for places that it could not read, or why it could not tell anything. */
export type ProviderAnswer<T> =
  | ({ readonly provider: string } & Found<T>)
  | { readonly provider: string; readonly trouble: string }

/** A command to run. */
export type Command = {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** Variables that name a file, with what it holds; only its owner may read it, and it goes with the command. */
  readonly files: Readonly<Record<string, string>>
  /** It is an interactive shell. */
  readonly shell?: boolean
}

/** What can be done beside a running command. */
export type AtWork = {
  /** Writes to our standard error, whatever the command has made of the terminal. */
  say(text: string): void
  /** Hangs up on a shell, as a terminal does that goes away. */
  hangUp(): void
}

/** All that the command line may do, as plain functions; the parts of the service come from compose.ts. */
export type CliDeps = {
  readonly version: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly clock: Clock
  readonly out: Output
  readonly err: Output
  /** Whether somebody types: standard input and standard error are a terminal. */
  readonly atTerminal: boolean
  /** Resolves after `ms`, or when it is `over`. */
  sleep(ms: number, over?: AbortSignal): Promise<void>
  readonly fetch: typeof fetch
  readonly logins: Logins
  /** A few lower-case letters and digits that no other request has. */
  slug(): string
  readText(path: string): Promise<string>
  /** A new file that only its owner may read, there once `work` is done, not at all if it fails. `-` is standard output. */
  writeFile<T>(path: string, work: (write: Write) => Promise<T>): Promise<T>
  /**
   * Runs a command with our own standard streams; its exit status, 128 + n for signal n. `alongside` goes on beside it,
   * until it is `over`.
   */
  execute(command: Command, alongside: (at: AtWork, over: AbortSignal) => Promise<void>): Promise<number>
  /** Resolves at SIGINT or SIGTERM. */
  interrupted(): Promise<void>

  /** GitHub's App manifest for a service that GitHub reaches at `url`; `redirectUrl`: where it sends the browser then. */
  manifest(url: string, redirectUrl?: string): Promise<unknown>
  /** Resolves once it is ready, or once `interrupted` while it waited for PostgreSQL: stopped, then. */
  startService(options: {
    readonly config?: string
    readonly insecure: boolean
    readonly interrupted: Promise<void>
  }): Promise<Running>
  /** Makes roles, tables and keys; answers what it did, a line each. */
  initialise(options: { readonly config?: string }): Promise<readonly string[]>
  /** The configured signing keys as note key texts, the one in use first. */
  publicKeys(options: { readonly config?: string }): Promise<readonly string[]>
  /** Makes a new signing key; answers its file, its public key, and the files that `keys.signing_files` is to list. */
  rotateKey(options: {
    readonly config?: string
  }): Promise<{ readonly file: string; readonly publicKey: string; readonly files: readonly string[] }>
  /** Says on the record that a restored backup lacks what was anchored; how many events the anchor holds, if any is lacking. */
  acknowledgeRestore(options: { readonly config?: string }): Promise<number | undefined>
  /** Wakes whatever is due, missed or in revocation debt; how many. */
  sweepOnce(options: { readonly config?: string }): Promise<number>
  /** What each configured provider finds wrong with its configuration, in words. */
  checkProviders(options: { readonly config?: string }): Promise<readonly ProviderAnswer<string>[]>
  /** What each configured provider finds of this installation in its cloud. */
  listProviders(options: { readonly config?: string }): Promise<readonly ProviderAnswer<Binding>[]>
  /** Compares each configured provider's cloud with the ledger now, as the service does every 10 min. */
  reconcileProviders(options: { readonly config?: string }): Promise<readonly ProviderAnswer<CloudFinding>[]>
  openAudit(databaseUrl: string): Promise<AuditAccess>
  /** A database's ledger or an export's. Throws `ENOENT` as `readFile` does. */
  verify(ask: VerifyAsk): Promise<Verdict>
  /** Segments of an export, verified alone and as a row. undefined: the one file is an export of a whole ledger. */
  verifySegments(
    files: readonly string[],
    keys: readonly string[] | undefined,
    progress?: VerifyAsk['progress'],
  ): Promise<SegmentRow | undefined>
  /** Of an event, or of the ledger's growth; undefined: the file is no proof. Throws `ENOENT` as `readFile` does. */
  proofIn(path: string): Promise<Proof | Consistency | undefined>
  /** An export read without a database. */
  openExport(path: string): Promise<LedgerAccess>
  localPolicies(dir: string): Promise<LocalPolicies>
  /** Every decision on a request, or the one of a number, made again without GitHub; none where there is none. */
  replay(
    source: ReplaySource,
    wanted: { readonly request: string } | { readonly seq: number },
  ): Promise<readonly Replay[]>
  /** A local GitHub with a service on it; `lines` say how to use it. */
  startSandbox(options: {
    readonly stateDir?: string
  }): Promise<Running & { readonly lines: readonly string[] }>
}
