/**
 * What GitHub, Git and the accepted policies know of one merged pull request at the moment of a verdict. Times are
 * epoch milliseconds, commits and blobs object ids. Nothing of the service is in here, but which signed payloads
 * it has received.
 */
export type Truth = {
  readonly now: number
  /** `start`: the second verdict on a request that asked for a later start. */
  readonly moment: 'merge' | 'start'
  readonly repository: {
    readonly branch: string
    readonly providers: readonly string[]
    readonly grantWindow: number
    readonly pendingTtl: number
    /** The policy owners, by numeric id, and how many of them it takes. */
    readonly owners: { readonly ids: readonly number[]; readonly count: number }
    readonly administrators: readonly number[]
  }
  /** Where the branch is now. */
  readonly tip: string
  readonly pull: {
    readonly author: Account
    readonly base: string
    readonly fork: boolean
    readonly draft: boolean
    readonly head: string
    /** When the head came. */
    readonly headAt: number
    readonly reopened: number | undefined
    /** Since when it asks for this, by its `request.created`; undefined where that came no earlier than the verdict. */
    opened(path: string): number | undefined
    readonly merged: { readonly at: number; readonly commit: string; readonly before: string } | undefined
  }
  readonly git: {
    /** The files of a commit: path → blob. */
    files(commit: string): ReadonlyMap<string, string>
    /** Of one of its files, as Git writes it: 100644 is a plain file. */
    mode(commit: string, path: string): string | undefined
    /** A commit with everything it descends from. */
    history(commit: string): ReadonlySet<string>
    /** What a branch at this commit has been, newest first: by first parents. */
    line(commit: string): readonly string[]
    forkPoint(a: string, b: string): string
    /** E-mail addresses of author, committer and co-authors. */
    signatories(commit: string): readonly string[]
  }
  /** What a request file asks for; undefined where it is no request. */
  asks(blob: string): Asked | undefined
  readonly reviews: readonly Review[]
  /** Who wrote that it be revoked, by id: in comments as they were first written, whose payload has been received. */
  readonly revokers: readonly number[]
  /** Everybody who pushed to the head branch; undefined stands for a push that names nobody. */
  readonly pushers: readonly (Account | undefined)[]
  /** What people have been given and not lost again, and where they asked for it. */
  readonly standing: readonly { readonly person: number; readonly path: string; readonly role: string }[]
  /** Paths that another pull request has a grant for. */
  readonly taken: ReadonlySet<string>
  /** What was refused before, at the commit that had brought it: of other pull requests into the branch, and of pushes. */
  readonly refusals: readonly { readonly path: string; readonly commit: string }[]
  readonly policy: Policy | undefined
  /** Where the policies took the place of others: when, and what those had asked for in the request's last decision. */
  readonly renewed:
    | { readonly at: number; asked(path: string): Pick<Policy, 'tier' | 'required'> | undefined }
    | undefined
  /** Who has this login on GitHub now. */
  account(login: string): Account | undefined
  permission(id: number): string
}

export type Account = { readonly id: number; readonly login: string; readonly type: string }

export type Asked = {
  readonly requester: string
  readonly provider: string
  readonly role: string
  readonly scope: string
  readonly seconds: number
  readonly startsAt: number | undefined
  readonly breakGlass: boolean
}

export type Review = {
  readonly reviewer: Account | undefined
  readonly state: 'APPROVED' | 'CHANGES_REQUESTED' | 'COMMENTED' | 'DISMISSED'
  readonly at: number
  /** The commit it was given for. */
  readonly commit: string
  /** Whether its signed payload has been received. */
  readonly received: boolean
}

/** The accepted policies with their data. */
export type Policy = {
  readonly people: readonly {
    readonly login: string
    readonly id: number
    readonly emails: readonly string[]
    readonly principals: readonly string[]
    readonly blocked: boolean
  }[]
  readonly groups: Readonly<Record<string, readonly string[]>>
  readonly roles: readonly {
    readonly provider: string
    readonly role: string
    readonly scopes: readonly string[]
    readonly seconds: number
  }[]
  readonly allow: boolean
  readonly deny: readonly string[]
  /** Roles that nobody is to have together. */
  readonly apart: readonly (readonly [string, string])[]
  readonly onBehalf: boolean
  readonly tier: string
  readonly required: readonly { readonly group: string; readonly count: number }[]
}
