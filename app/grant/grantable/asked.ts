import type { Intent } from '../intent.ts'

/** What a cloud is asked for, as the role catalogue and the requester's entry name it; `seconds`: for how long. */
export type Asked = Pick<Intent, 'principal' | 'cloudRole' | 'scope'> & { readonly seconds?: number }

/** One reason why a cloud can never grant it. */
export type Refusal = { readonly needed: string; readonly had: string; readonly remedy: string }
