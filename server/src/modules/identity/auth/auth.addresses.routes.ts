// Proving and changing the e-mail address of an account, over HTTP.
import { Message, type Route, route } from '../../../drivers/http/index.ts'
import { ChangeAddress, ForgotPassword, VerifyEmail } from './auth.schema.ts'
import type { Auth } from './auth.service.ts'

/** Routes on the address of an account. */
export function addressRoutes(auth: Auth): Route[] {
  return [
    route({
      method: 'POST',
      path: '/auth/verify-email',
      operation: 'auth.verifyEmail',
      access: { public: 'the link from the mail is the credential' },
      rate: 'auth',
      summary: 'Confirm an e-mail address with the link from the mail',
      body: VerifyEmail,
      accepts: ['json', 'form'],
      answer: Message,
      errors: ['auth.link_invalid'],
      handle: async ({ body, facts }) => {
        await auth.verifyEmail(body.token, facts)
        return { message: 'Your e-mail address is confirmed.' }
      },
    }),
    route({
      method: 'POST',
      path: '/auth/resend-verification',
      operation: 'auth.resendVerification',
      access: { public: 'whoever must confirm first cannot sign in' },
      rate: 'auth',
      summary: 'Ask for the confirmation mail again',
      body: ForgotPassword,
      accepts: ['json', 'form'],
      answer: Message,
      handle: async ({ body }) => {
        await auth.resendVerification(body.email)
        return { message: 'If the address waits for its confirmation, a mail is on its way.' }
      },
    }),
    route({
      method: 'POST',
      path: '/auth/change-email',
      operation: 'auth.changeEmail',
      access: 'session',
      rate: 'auth',
      bases: ['canonical'],
      summary: 'Ask to change your e-mail address',
      description:
        'The new address gets a link that makes it yours; the old one is told. The answer is the same whether or not another account has the address.',
      body: ChangeAddress,
      status: 202,
      answer: Message,
      errors: ['auth.wrong_password', 'auth.locked', 'tenants.domain_not_allowed'],
      handle: async ({ actor, body, facts }) => {
        await auth.changeAddress(actor, body, facts)
        return { message: 'If the address can be used, a mail with a link is on its way to it.' }
      },
    }),
    route({
      method: 'POST',
      path: '/auth/confirm-email-change',
      operation: 'auth.confirmEmailChange',
      access: { public: 'the link from the mail is the credential' },
      rate: 'auth',
      bases: ['canonical'],
      summary: 'Make a new e-mail address yours with the link from the mail',
      body: VerifyEmail,
      accepts: ['json', 'form'],
      answer: Message,
      errors: ['auth.link_invalid', 'tenants.domain_not_allowed'],
      handle: async ({ body, facts }) => {
        await auth.confirmAddress(body.token, facts)
        return { message: 'Your e-mail address was changed.' }
      },
    }),
  ]
}
