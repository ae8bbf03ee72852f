import type { KeyObject } from 'node:crypto'
import type { Delivery } from './delivery.ts'

export type Permissions = Record<string, 'read' | 'write' | 'admin'>

export type App = {
  readonly id: number
  readonly slug: string
  readonly name: string
  readonly ownerId: number
  readonly botId: number
  readonly clientId: string
  readonly clientSecret: string
  readonly publicKey: KeyObject
  readonly createdAt: number
  permissions: Permissions
  events: string[]
  readonly hook: {
    readonly id: number
    url: string
    secret: string
    contentType: string
    insecureSsl: string
  }
  readonly deliveries: Delivery[]
}

export type Installation = {
  readonly id: number
  readonly appId: number
  readonly accountId: number
  readonly repositories: Set<number>
  readonly createdAt: number
  permissions: Permissions
  suspendedAt: number | null
  suspendedById: number | null
}

/** What a token stands for; the secret itself is the key it is stored under. */
export type Token =
  | {
      readonly id: number
      readonly kind: 'user'
      readonly userId: number
      readonly appId: number | null
      readonly createdAt: number
    }
  | {
      readonly id: number
      readonly kind: 'installation'
      readonly installationId: number
      readonly repositories: ReadonlySet<number> | 'all'
      readonly permissions: Permissions
      readonly createdAt: number
      readonly expiresAt: number
    }

/** An App manifest waiting for its conversion, under the code that the form's redirect carried. */
export type Manifest = {
  readonly ownerId: number
  readonly name: string
  readonly webhookUrl: string
  readonly permissions: Permissions
  readonly events: string[]
  readonly expiresAt: number
}
