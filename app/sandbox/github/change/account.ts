import type { Account } from '../state/account.ts'
import { findAccount, type World } from '../state/world.ts'

export type AccountOrder = {
  readonly login: string
  readonly type?: Account['type']
  /** A fixed id, else the next free one. */
  readonly id?: number
  readonly name?: string
  readonly email?: string
}

/** Adds an account. Throws when its login or id is taken. */
export function addAccount(world: World, order: AccountOrder): Account {
  const id = order.id ?? world.nextId()
  if (findAccount(world, order.login)) throw new Error(`login ${order.login} is taken`)
  if (world.accounts.has(id)) throw new Error(`account id ${id} is taken`)
  const account: Account = {
    id,
    login: order.login,
    type: order.type ?? 'User',
    name: order.name ?? null,
    email: order.email ?? null,
    createdAt: world.clock.now(),
    removed: false,
    members: new Map(),
  }
  world.accounts.set(id, account)
  return account
}
