// SPDX-License-Identifier: GPL-2.0-only
/*
 * Graphs made of characters, in UTF-8 or ASCII; making texts safe to print.
 */
#include <langinfo.h>
#include <stdlib.h>

#include "table.h"

bool glyphs_utf8;

bool glyphs_detect(void)
{
	const char *term = getenv("TERM");

	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0 && !(term && strcmp(term, "linux") == 0);
}

static size_t put(char *room, size_t size, size_t at, const char *glyph)
{
	size_t len = strlen(glyph);

	if (at + len + 1 > size)
		return at;
	memcpy(room + at, glyph, len + 1);
	return at + len;
}

size_t spark_text(const float *points, u32 n, u32 width, char *room, size_t size)
{
	static const char *const blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const ascii[] = {" ", ".", ".", ":", ":", "-", "=", "*", "#"};
	const char *const *glyphs = glyphs_utf8 ? blocks : ascii;
	float most = 0;
	size_t at = 0;

	room[0] = 0;
	n = min(n, (u32)HISTORY);
	for (u32 i = n > width ? n - width : 0; i < n; i++)
		most = max(most, points[i]);
	for (u32 i = 0; i < width; i++) {
		u32 level = 0;
		float v;

		if (i + n >= width) {
			v = points[i + n - width];
			if (v > 0 && most > 0)
				level = clamp((u32)(v / most * 8 + 0.5f), 1U, 8U);
		}
		at = put(room, size, at, glyphs[level]);
	}
	return at;
}

const char state_letters[STATE_COUNT + 1] = {
	[STATE_USERSPACE] = 'u', [STATE_HANDLING] = 'x', [STATE_GUEST] = 'G',
	[STATE_HALTED] = 'h',	 [STATE_POLLING] = 'p',	 [STATE_READY] = 'r',
};

void states_text(const float *states, u32 width, char *room, size_t size)
{
	static const int order[] = {STATE_GUEST,  STATE_HANDLING, STATE_USERSPACE,
				    STATE_HALTED, STATE_POLLING,  STATE_READY};
	double before = 0, sum = 0;
	size_t at = 0;

	for (u32 i = 0; i < STATE_COUNT; i++)
		sum += states[i];
	room[0] = 0;
	for (u32 i = 0; i < ARRAY_SIZE(order); i++) {
		char letter[2] = {state_letters[order[i]] ? state_letters[order[i]] : '?', 0};

		before += states[order[i]];
		while (sum > 0 && at < (size_t)(before / sum * width + 0.5) && at < width)
			at = put(room, size, at, letter);
	}
	while (at < width && at + 1 < size)
		at = put(room, size, at, " ");
}

void gauge_text(double percent, u32 width, char *room, size_t size)
{
	static const char *const parts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	double length = clamp(percent, 0.0, 100.0) / 100 * width;
	size_t at = 0;
	u32 i = 0;

	room[0] = 0;
	for (; i < (u32)length; i++)
		at = put(room, size, at, glyphs_utf8 ? "█" : "#");
	if (i < width && glyphs_utf8 && (u32)((length - i) * 8)) {
		at = put(room, size, at, parts[(u32)((length - i) * 8)]);
		i++;
	} else if (i < width && !glyphs_utf8 && length - i >= 0.5) {
		at = put(room, size, at, "#");
		i++;
	}
	if (!i && percent > 0 && width) {
		at = put(room, size, at, glyphs_utf8 ? "▏" : ".");
		i++;
	}
	for (; i < width; i++)
		at = put(room, size, at, " ");
}

/* Bytes of the UTF-8 character at @s; 0: it is none, or not one to show. */
static u32 utf8_length(const unsigned char *s)
{
	u32 n = *s >= 0xf0 && *s < 0xf5 ? 4 : *s >= 0xe0 ? 3 : *s >= 0xc2 ? 2 : 0;

	if (*s >= 0xf5)
		return 0;
	for (u32 i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* C1 control characters; surrogates and forms that are too long. */
	if ((n == 2 && s[0] == 0xc2 && s[1] < 0xa0) || (s[0] == 0xe0 && s[1] < 0xa0) ||
	    (s[0] == 0xed && s[1] >= 0xa0) || (s[0] == 0xf0 && s[1] < 0x90))
		return 0;
	return n;
}

void printable(const char *text, char *room, size_t size)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t at = 0;

	while (*s && at + 5 <= size) {
		u32 n = *s >= 0x80 ? utf8_length(s) : 1;

		if (!n || *s < 0x20 || *s == 0x7f) {
			room[at++] = '?';
			s++;
			continue;
		}
		while (n--)
			room[at++] = *s++;
	}
	room[at] = 0;
}
