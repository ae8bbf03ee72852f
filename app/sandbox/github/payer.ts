import type { Actor } from './actor.ts'

/** Whose hourly budget a call uses, and how large it is; `address` stands for who does not say who they are. */
export function payer(actor: Actor, address = 'nobody'): { caller: string; limit: number } {
  switch (actor.kind) {
    case 'anonymous':
      return { caller: address, limit: 60 }
    case 'user':
      return { caller: `user ID ${actor.user.id}`, limit: 5000 }
    case 'installation': {
      const repositories = actor.installation.repositories.size
      const limit = Math.min(12_500, 5000 + Math.max(0, repositories - 20) * 50)
      return { caller: `installation ID ${actor.installation.id}`, limit }
    }
    default:
      return { caller: `App ID ${actor.app.id}`, limit: 5000 }
  }
}
