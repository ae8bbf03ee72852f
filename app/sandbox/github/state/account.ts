/** Roles of a person on a repository, weakest first (GitHub's `role_name`). */
export const ROLES = ['none', 'read', 'triage', 'write', 'maintain', 'admin'] as const
export type Role = (typeof ROLES)[number]

export type Account = {
  readonly id: number
  login: string
  readonly type: 'User' | 'Bot' | 'Organization'
  readonly name: string | null
  readonly email: string | null
  readonly createdAt: number
  /** A removed account is shown as `ghost`; its login is free for somebody else, under another id. */
  removed: boolean
  /** Organisations only: account id → role. */
  readonly members: Map<number, 'member' | 'admin'>
}

export type Team = {
  readonly id: number
  readonly organisationId: number
  readonly slug: string
  readonly name: string
  readonly parentId: number | null
  readonly members: Map<number, 'member' | 'maintainer'>
  /** Repository id → role. */
  readonly repositories: Map<number, Role>
}

/** Whether `role` is at least `needed`. */
export function atLeast(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed)
}

/** The stronger of two roles. */
export function stronger(a: Role, b: Role): Role {
  return atLeast(a, b) ? a : b
}

/** The address that GitHub gives to commits made on its pages. */
export function noReplyAddress(account: Pick<Account, 'id' | 'login'>): string {
  return `${account.id}+${account.login}@users.noreply.github.com`
}
