// What notifications say, by event and language. A title names nobody and nothing: it also stands where no rights are asked.
import { LANGUAGES, type Language, nearest } from '../../foundation/mail/index.ts'

export interface Told {
  sender: string | null
  /** What it is about, as far as the reader may know. */
  subject: string | null
  times: number
}

interface Wording {
  title: string
  /** For more than one thing. */
  titles?(times: number): string
  content(told: { sender: string; subject: string | null; times: number }): string
}

interface Words {
  somebody: string
  events: Readonly<Record<string, Wording>>
}

const en: Words = {
  somebody: 'Somebody',
  events: {
    'messages.sent': {
      title: 'New message',
      titles: (times) => `${times} new messages`,
      content: ({ sender, subject }) => (subject ? `${sender} wrote in “${subject}”.` : `${sender} wrote to you.`),
    },
    'conversations.joined': {
      title: 'You were added to a group',
      content: ({ sender, subject }) => `${sender} added you to ${subject ? `“${subject}”` : 'a group'}.`,
    },
    'content.given': {
      title: 'Something was shared with you',
      content: ({ sender, subject }) => `${sender} shared ${subject ? `“${subject}”` : 'something'} with you.`,
    },
    'teams.member_set': {
      title: 'You were added to a team',
      content: ({ sender, subject }) => `${sender} added you to ${subject ? `“${subject}”` : 'a team'}.`,
    },
    'calendar.invited': {
      title: 'You are invited',
      content: ({ sender, subject }) => `${sender} invites you to ${subject ? `“${subject}”` : 'an event'}.`,
    },
    'calendar.changed': {
      title: 'An event was changed',
      content: ({ sender, subject }) => `${sender} changed ${subject ? `“${subject}”` : 'an event'}.`,
    },
    'calendar.cancelled': {
      title: 'An event was cancelled',
      content: ({ sender, subject }) => `${sender} cancelled ${subject ? `“${subject}”` : 'an event'}.`,
    },
    'calendar.answered': {
      title: 'An answer to your invitation',
      content: ({ sender, subject }) => `${sender} answered${subject ? ` to “${subject}”` : ''}.`,
    },
    'calendar.reminder': {
      title: 'Reminder',
      content: ({ subject }) => (subject ? `“${subject}” begins soon.` : 'An event begins soon.'),
    },
    'members.added': { title: 'You are a member now', content: ({ sender }) => `${sender} added you here.` },
    'users.roles_assigned': {
      title: 'Your roles were changed',
      content: ({ sender }) => `${sender} gave you other roles.`,
    },
    'users.password_changed': {
      title: 'Your password was changed',
      content: () => 'If it was not you, reset it at once.',
    },
    'mfa.enabled': {
      title: 'A second factor was added',
      content: () => 'If it was not you, change your password at once.',
    },
    'mfa.disabled': {
      title: 'A second factor was removed',
      content: () => 'If it was not you, change your password at once.',
    },
    'mfa.recovery_code_used': {
      title: 'A recovery code was used',
      content: () => 'If it was not you, change your password at once.',
    },
    'sessions.new_device': {
      title: 'New sign-in',
      content: () => 'A device signed in that was not used before. If it was not you, change your password at once.',
    },
    'sessions.replayed': {
      title: 'A session was ended for safety',
      content: () => 'Somebody presented an old key of it. Look at your sessions.',
    },
    'tokens.created': {
      title: 'A personal access token was made',
      content: () => 'If it was not you, revoke it and change your password.',
    },
  },
}

const de: Words = {
  somebody: 'Jemand',
  events: {
    'messages.sent': {
      title: 'Neue Nachricht',
      titles: (times) => `${times} neue Nachrichten`,
      content: ({ sender, subject }) =>
        subject ? `${sender} hat in „${subject}“ geschrieben.` : `${sender} hat Ihnen geschrieben.`,
    },
    'conversations.joined': {
      title: 'Sie wurden in eine Gruppe aufgenommen',
      content: ({ sender, subject }) => `${sender} hat Sie in ${subject ? `„${subject}“` : 'eine Gruppe'} aufgenommen.`,
    },
    'content.given': {
      title: 'Etwas wurde mit Ihnen geteilt',
      content: ({ sender, subject }) => `${sender} hat ${subject ? `„${subject}“` : 'etwas'} mit Ihnen geteilt.`,
    },
    'teams.member_set': {
      title: 'Sie wurden in ein Team aufgenommen',
      content: ({ sender, subject }) => `${sender} hat Sie in ${subject ? `„${subject}“` : 'ein Team'} aufgenommen.`,
    },
    'calendar.invited': {
      title: 'Sie sind eingeladen',
      content: ({ sender, subject }) => `${sender} lädt Sie zu ${subject ? `„${subject}“` : 'einem Termin'} ein.`,
    },
    'calendar.changed': {
      title: 'Ein Termin wurde geändert',
      content: ({ sender, subject }) => `${sender} hat ${subject ? `„${subject}“` : 'einen Termin'} geändert.`,
    },
    'calendar.cancelled': {
      title: 'Ein Termin wurde abgesagt',
      content: ({ sender, subject }) => `${sender} hat ${subject ? `„${subject}“` : 'einen Termin'} abgesagt.`,
    },
    'calendar.answered': {
      title: 'Eine Antwort auf Ihre Einladung',
      content: ({ sender, subject }) => `${sender} hat${subject ? ` zu „${subject}“` : ''} geantwortet.`,
    },
    'calendar.reminder': {
      title: 'Erinnerung',
      content: ({ subject }) => (subject ? `„${subject}“ beginnt bald.` : 'Ein Termin beginnt bald.'),
    },
    'members.added': {
      title: 'Sie sind jetzt Mitglied',
      content: ({ sender }) => `${sender} hat Sie hier aufgenommen.`,
    },
    'users.roles_assigned': {
      title: 'Ihre Rollen wurden geändert',
      content: ({ sender }) => `${sender} hat Ihnen andere Rollen gegeben.`,
    },
    'users.password_changed': {
      title: 'Ihr Passwort wurde geändert',
      content: () => 'Falls Sie das nicht waren, setzen Sie es sofort zurück.',
    },
    'mfa.enabled': {
      title: 'Ein zweiter Faktor wurde hinzugefügt',
      content: () => 'Falls Sie das nicht waren, ändern Sie sofort Ihr Passwort.',
    },
    'mfa.disabled': {
      title: 'Ein zweiter Faktor wurde entfernt',
      content: () => 'Falls Sie das nicht waren, ändern Sie sofort Ihr Passwort.',
    },
    'mfa.recovery_code_used': {
      title: 'Ein Wiederherstellungscode wurde benutzt',
      content: () => 'Falls Sie das nicht waren, ändern Sie sofort Ihr Passwort.',
    },
    'sessions.new_device': {
      title: 'Neue Anmeldung',
      content: () =>
        'Ein bisher nicht benutztes Gerät hat sich angemeldet. Falls Sie das nicht waren, ändern Sie sofort Ihr Passwort.',
    },
    'sessions.replayed': {
      title: 'Eine Sitzung wurde zur Sicherheit beendet',
      content: () => 'Jemand hat einen alten Schlüssel von ihr vorgelegt. Prüfen Sie Ihre Sitzungen.',
    },
    'tokens.created': {
      title: 'Ein persönliches Zugriffstoken wurde erstellt',
      content: () => 'Falls Sie das nicht waren, widerrufen Sie es und ändern Sie Ihr Passwort.',
    },
  },
}

const zh: Words = {
  somebody: '有人',
  events: {
    'messages.sent': {
      title: '新消息',
      titles: (times) => `${times} 条新消息`,
      content: ({ sender, subject }) => (subject ? `${sender} 在“${subject}”中发了消息。` : `${sender} 给您发了消息。`),
    },
    'conversations.joined': {
      title: '您被加入群组',
      content: ({ sender, subject }) => `${sender} 将您加入${subject ? `“${subject}”` : '一个群组'}。`,
    },
    'content.given': {
      title: '有内容与您共享',
      content: ({ sender, subject }) => `${sender} 与您共享了${subject ? `“${subject}”` : '内容'}。`,
    },
    'teams.member_set': {
      title: '您被加入团队',
      content: ({ sender, subject }) => `${sender} 将您加入${subject ? `“${subject}”` : '一个团队'}。`,
    },
    'calendar.invited': {
      title: '您收到邀请',
      content: ({ sender, subject }) => `${sender} 邀请您参加${subject ? `“${subject}”` : '一个日程'}。`,
    },
    'calendar.changed': {
      title: '日程有变更',
      content: ({ sender, subject }) => `${sender} 更改了${subject ? `“${subject}”` : '一个日程'}。`,
    },
    'calendar.cancelled': {
      title: '日程已取消',
      content: ({ sender, subject }) => `${sender} 取消了${subject ? `“${subject}”` : '一个日程'}。`,
    },
    'calendar.answered': {
      title: '您的邀请有了答复',
      content: ({ sender, subject }) => `${sender} 答复了${subject ? `“${subject}”` : '您的邀请'}。`,
    },
    'calendar.reminder': {
      title: '提醒',
      content: ({ subject }) => (subject ? `“${subject}”即将开始。` : '一个日程即将开始。'),
    },
    'members.added': { title: '您已成为成员', content: ({ sender }) => `${sender} 将您加入此处。` },
    'users.roles_assigned': { title: '您的角色已更改', content: ({ sender }) => `${sender} 更改了您的角色。` },
    'users.password_changed': { title: '您的密码已更改', content: () => '如果不是您本人，请立即重置密码。' },
    'mfa.enabled': { title: '已添加第二重验证', content: () => '如果不是您本人，请立即更改密码。' },
    'mfa.disabled': { title: '第二重验证已移除', content: () => '如果不是您本人，请立即更改密码。' },
    'mfa.recovery_code_used': { title: '恢复代码已被使用', content: () => '如果不是您本人，请立即更改密码。' },
    'sessions.new_device': {
      title: '新的登录',
      content: () => '一台从未使用过的设备登录了。如果不是您本人，请立即更改密码。',
    },
    'sessions.replayed': { title: '为安全起见已结束一个会话', content: () => '有人出示了它的旧密钥。请检查您的会话。' },
    'tokens.created': { title: '已创建个人访问令牌', content: () => '如果不是您本人，请撤销它并更改密码。' },
  },
}

export const WORDS: Readonly<Record<Language, Words>> = { en, de, 'zh-CN': zh }

/** The first of these languages that the product speaks. */
export function languageOf(...locales: (string | null)[]): Language {
  for (const locale of locales) {
    const found = locale === null ? undefined : nearest(locale)
    if (found) return found
  }
  return LANGUAGES[0]
}

/** What a notification of an event says; undefined of an event that is not known any more. */
export function say(language: Language, eventName: string, told: Told): { title: string; content: string } | undefined {
  const { somebody, events } = WORDS[language]
  const wording = events[eventName]
  if (!wording) return undefined
  const { times, subject } = told
  return {
    title: times > 1 && wording.titles ? wording.titles(times) : wording.title,
    content: wording.content({ sender: told.sender ?? somebody, subject, times }),
  }
}
