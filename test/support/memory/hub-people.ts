import type { Account, Permission } from '../../../app/reconcile/ports/github.ts'

export const people = {
  alice: { id: 1001, login: 'alice', type: 'User' },
  bob: { id: 1002, login: 'bob', type: 'User' },
  carol: { id: 1003, login: 'carol', type: 'User' },
  /** May only read. */
  mallory: { id: 1004, login: 'mallory', type: 'User' },
  robot: { id: 1005, login: 'robot[bot]', type: 'Bot' },
} as const satisfies Record<string, Account>
export type Person = keyof typeof people

/** GitHub's accounts, with the logins they have now, and what they may. */
export const memoryAccounts = () => {
  const holders = new Map<Person, Account>(Object.entries(people) as [Person, Account][])
  const accounts = new Map<number, Account>(Object.values(people).map((one) => [one.id, one]))
  const permissions = new Map<number, Permission>([[people.mallory.id, 'read']])
  /** Who goes by a name now. */
  const who = (name: Person): Account => holders.get(name) ?? people[name]
  const rename = (name: Person): void => {
    const renamed = { ...who(name), login: `${who(name).login}-${who(name).id}` }
    accounts.set(renamed.id, renamed)
    holders.set(name, renamed)
  }
  return {
    who,
    rename,
    now: (account: Account): Account => accounts.get(account.id) ?? account,
    named: (login: string): Account | undefined => [...accounts.values()].find((one) => one.login === login),
    permission: (account: Account): Permission => permissions.get(account.id) ?? 'write',
    allow: (name: Person, permission: Permission): void => {
      permissions.set(who(name).id, permission)
    },
    /** The account is renamed, and somebody else takes its login (trust.md 6.16). */
    reuse(name: Person): void {
      const before = who(name)
      const after = { ...before, id: before.id + 1000 }
      rename(name)
      accounts.set(after.id, after)
      holders.set(name, after)
    },
  }
}
