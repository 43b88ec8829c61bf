// The widget's own texts: Chinese, and English as a second language. A shop may change single ones by its settings.

import en from "../texts.en.json";
import zh from "../texts.zh.json";

export type Texts = typeof zh & { locale: string };

/** The texts of a locale ("en-GB" is English, anything else Chinese) with the shop's own words put in. */
export function textsOf(locale: string, own: Partial<Texts> = {}): Texts {
  const english = /^en\b/i.test(locale);
  return { ...(english ? en : zh), ...own, locale: english ? "en" : "zh-CN" };
}
