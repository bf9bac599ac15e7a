// Slack's names of the emoji that rules and messages use most. Unknown ones show as `:name:`.
const LIST = `+1 👍 thumbsup 👍 -1 👎 thumbsdown 👎 100 💯 8ball 🎱 airplane ✈️ alarm_clock ⏰ alien 👽 ambulance 🚑
anchor ⚓ angry 😠 apple 🍎 arrow_down ⬇️ arrow_left ⬅️ arrow_right ➡️ arrow_up ⬆️ arrow_upper_right ↗️
arrow_lower_right ↘️ arrows_counterclockwise 🔄 arrows_clockwise 🔃 art 🎨 astonished 😲 atom_symbol ⚛️ baby 👶
balloon 🎈 bamboo 🎍 bangbang ‼️ bank 🏦 bar_chart 📊 beer 🍺 beers 🍻 bell 🔔 no_bell 🔕 beetle 🪲 ladybug 🐞
birthday 🎂 black_circle ⚫ black_heart 🖤 black_square_button 🔲 blue_book 📘 blue_heart 💙 large_blue_circle 🔵
blush 😊 boat ⛵ bomb 💣 book 📖 bookmark 🔖 bookmark_tabs 📑 books 📚 boom 💥 collision 💥 boot 👢 bouquet 💐
bow 🙇 bowling 🎳 brain 🧠 bread 🍞 briefcase 💼 broken_heart 💔 bug 🐛 building_construction 🏗️ bulb 💡
bullettrain_side 🚄 bus 🚌 busts_in_silhouette 👥 bust_in_silhouette 👤 cactus 🌵 cake 🍰 calendar 📆 camera 📷
candy 🍬 car 🚗 card_index 📇 card_file_box 🗃️ cat 🐱 cd 💿 chart_with_downwards_trend 📉
chart_with_upwards_trend 📈 checkered_flag 🏁 cherries 🍒 chicken 🐔 christmas_tree 🎄 circus_tent 🎪 city_sunset 🌇
clap 👏 clapper 🎬 clipboard 📋 clock1 🕐 clock3 🕒 clock6 🕕 clock9 🕘 clock12 🕛 closed_book 📕
closed_lock_with_key 🔐 closed_umbrella 🌂 cloud ☁️ clown_face 🤡 cocktail 🍸 coffee ☕ cold_face 🥶 cold_sweat 😰
comet ☄️ compass 🧭 computer 💻 confetti_ball 🎊 confounded 😖 confused 😕 construction 🚧 construction_worker 👷
cookie 🍪 cool 🆒 cop 👮 copyright ©️ cow 🐮 crab 🦀 credit_card 💳 crossed_fingers 🤞 crossed_swords ⚔️ crown 👑
cry 😢 crying_cat_face 😿 crystal_ball 🔮 cyclone 🌀 dagger_knife 🗡️ dancer 💃 dart 🎯 dash 💨 date 📅
deciduous_tree 🌳 desktop_computer 🖥️ disappointed 😞 dizzy 💫 dizzy_face 😵 do_not_litter 🚯 dog 🐶 dollar 💵
dolphin 🐬 dove_of_peace 🕊️ dragon 🐉 droplet 💧 duck 🦆 dvd 📀 eagle 🦅 ear 👂 earth_africa 🌍 earth_americas 🌎
earth_asia 🌏 egg 🥚 electric_plug 🔌 elephant 🐘 email 📧 envelope ✉️ e-mail 📧 end 🔚 euro 💶 exclamation ❗
heavy_exclamation_mark ❗ exploding_head 🤯 expressionless 😑 eye 👁️ eyeglasses 👓 eyes 👀 face_palm 🤦
face_with_monocle 🧐 face_with_raised_eyebrow 🤨 facepunch 👊 factory 🏭 fast_forward ⏩ fax 📠 fearful 😨 feet 🐾
fire 🔥 fire_engine 🚒 fire_extinguisher 🧯 fireworks 🎆 fish 🐟 fist ✊ flags 🎏 flashlight 🔦 floppy_disk 💾
flushed 😳 fog 🌫️ foggy 🌁 fork_and_knife 🍴 four_leaf_clover 🍀 fox_face 🦊 frog 🐸 frowning 😦 fuelpump ⛽
full_moon 🌕 game_die 🎲 gear ⚙️ gem 💎 ghost 👻 gift 🎁 globe_with_meridians 🌐 goat 🐐 golf ⛳ grapes 🍇
green_apple 🍏 green_book 📗 green_heart 💚 large_green_circle 🟢 large_yellow_circle 🟡 large_orange_circle 🟠
large_purple_circle 🟣 large_brown_circle 🟤 large_red_square 🟥 large_orange_square 🟧 large_yellow_square 🟨
large_green_square 🟩 large_blue_square 🟦 large_purple_square 🟪 grey_exclamation ❕ grey_question ❔ grimacing 😬
grin 😁 grinning 😀 guardsman 💂 guitar 🎸 hamburger 🍔 hammer 🔨 hammer_and_pick ⚒️ hammer_and_wrench 🛠️ hand ✋
raised_hand ✋ handshake 🤝 hankey 💩 poop 💩 hatched_chick 🐥 hatching_chick 🐣 headphones 🎧 hear_no_evil 🙉
heart ❤️ heart_eyes 😍 heavy_check_mark ✔️ heavy_minus_sign ➖ heavy_plus_sign ➕ heavy_multiplication_x ✖️
helicopter 🚁 helmet_with_white_cross ⛑️ herb 🌿 hibiscus 🌺 high_brightness 🔆 hocho 🔪 hole 🕳️ honeybee 🐝 bee 🐝
horse 🐴 hospital 🏥 hot_face 🥵 hot_pepper 🌶️ hotel 🏨 hotsprings ♨️ hourglass ⌛ hourglass_flowing_sand ⏳ house 🏠
hugging_face 🤗 hushed 😯 ice_cream 🍨 ice_cube 🧊 id 🆔 inbox_tray 📥 incoming_envelope 📨 infinity ♾️
information_source ℹ️ innocent 😇 interrobang ⁉️ iphone 📱 jack_o_lantern 🎃 joy 😂 joystick 🕹️ key 🔑 keyboard ⌨️
kiss 💋 kite 🪁 koala 🐨 label 🏷️ lab_coat 🥼 large_blue_diamond 🔷 large_orange_diamond 🔶 laughing 😆 leaves 🍃
ledger 📒 left_right_arrow ↔️ lemon 🍋 level_slider 🎚️ light_rail 🚈 link 🔗 linked_paperclips 🖇️ lion_face 🦁
lizard 🦎 lock 🔒 lock_with_ink_pen 🔏 lollipop 🍭 loop ➿ loud_sound 🔊 loudspeaker 📢 love_letter 💌
low_battery 🪫 battery 🔋 lower_left_paintbrush 🖌️ mag 🔍 mag_right 🔎 mage 🧙 magic_wand 🪄 magnet 🧲 mailbox 📫
man-shrugging 🤷‍♂️ woman-shrugging 🤷‍♀️ shrug 🤷 mask 😷 mechanical_arm 🦾 medal 🏅 sports_medal 🏅 mega 📣 memo 📝
pencil 📝 pencil2 ✏️ merge_arrow 🔀 twisted_rightwards_arrows 🔀 microphone 🎤 microscope 🔬 milky_way 🌌 minus ➖
money_with_wings 💸 moneybag 💰 monkey 🐒 monkey_face 🐵 moon 🌔 mortar_board 🎓 motorway 🛣️ mountain ⛰️ mouse 🐭
movie_camera 🎥 muscle 💪 mushroom 🍄 musical_note 🎵 mute 🔇 nail_care 💅 nazar_amulet 🧿 necktie 👔 nerd_face 🤓
neutral_face 😐 new 🆕 new_moon 🌑 newspaper 📰 next_track_button ⏭️ night_with_stars 🌃 no_entry ⛔
no_entry_sign 🚫 no_good 🙅 no_mouth 😶 notebook 📓 notes 🎶 nut_and_bolt 🔩 o ⭕ ocean 🌊 octagonal_sign 🛑
octopus 🐙 ok 🆗 ok_hand 👌 ok_woman 🙆 older_man 👴 on 🔛 open_book 📖 open_file_folder 📂 file_folder 📁
open_hands 👐 open_mouth 😮 orange_book 📙 orange_heart 🧡 outbox_tray 📤 owl 🦉 ox 🐂 package 📦 page_facing_up 📄
page_with_curl 📃 pager 📟 palm_tree 🌴 panda_face 🐼 paperclip 📎 parking 🅿️ partly_sunny ⛅ partying_face 🥳 pause ⏸️
double_vertical_bar ⏸️ peace_symbol ☮️ penguin 🐧 pensive 😔 performing_arts 🎭 phone ☎️ telephone ☎️ pick ⛏️
pig 🐷 pill 💊 pinched_fingers 🤌 pineapple 🍍 pizza 🍕 point_down 👇 point_left 👈 point_right 👉 point_up ☝️
police_car 🚓 popcorn 🍿 postbox 📮 pouting_cat 😾 pray 🙏 previous_track_button ⏮️ printer 🖨️ purple_heart 💜
pushpin 📌 round_pushpin 📍 put_litter_in_its_place 🚮 question ❓ rabbit 🐰 racehorse 🐎 radio 📻 radioactive_sign ☢️
rage 😡 rainbow 🌈 raised_hands 🙌 raising_hand 🙋 receipt 🧾 recycle ♻️ red_circle 🔴 red_car 🚗 registered ®️
relieved 😌 reminder_ribbon 🎗️ repeat 🔁 rewind ⏪ ribbon 🎀 robot_face 🤖 robot 🤖 rocket 🚀 roller_coaster 🎢
rolling_on_the_floor_laughing 🤣 rofl 🤣 rose 🌹 rotating_light 🚨 runner 🏃 sad 😢 safety_pin 🧷 sailboat ⛵
salute 🫡 saluting_face 🫡 sandwich 🥪 satellite 📡 satellite_antenna 📡 scales ⚖️ scissors ✂️ scream 😱 scroll 📜
seedling 🌱 see_no_evil 🙈 shamrock ☘️ shark 🦈 shell 🐚 shield 🛡️ ship 🚢 shopping_trolley 🛒 shower 🚿 skull 💀
skull_and_crossbones ☠️ sleeping 😴 zzz 💤 sleepy 😪 slightly_smiling_face 🙂 slot_machine 🎰 sloth 🦥
small_blue_diamond 🔹 small_orange_diamond 🔸 small_red_triangle 🔺 small_red_triangle_down 🔻 smile 😄 smiley 😃
smiling_face_with_tear 🥲 smirk 😏 snail 🐌 snake 🐍 sneezing_face 🤧 snowflake ❄️ snowman ⛄ soap 🧼 sob 😭 soon 🔜
sos 🆘 space_invader 👾 sparkle ❇️ sparkler 🎇 sparkles ✨ sparkling_heart 💖 speak_no_evil 🙊 speaker 🔈
speech_balloon 💬 left_speech_bubble 🗨️ thought_balloon 💭 spider 🕷️ spider_web 🕸️ spiral_calendar_pad 🗓️
sponge 🧽 squid 🦑 stadium 🏟️ star ⭐ star2 🌟 star-struck 🤩 stars 🌠 stethoscope 🩺 stop_button ⏹️ stopwatch ⏱️
stop_sign 🛑 straight_ruler 📏 strawberry 🍓 stuck_out_tongue 😛 sun_with_face 🌞 sunflower 🌻 sunglasses 😎 sunny ☀️
sunrise 🌅 surfer 🏄 sushi 🍣 sweat 😓 sweat_drops 💦 sweat_smile 😅 swimmer 🏊 syringe 💉 taco 🌮 tada 🎉
tangerine 🍊 taxi 🚕 tea 🍵 teapot 🫖 technologist 🧑‍💻 telescope 🔭 tennis 🎾 tent ⛺ test_tube 🧪 thermometer 🌡️
thinking_face 🤔 thinking 🤔 thread 🧵 thumbtack 📌 ticket 🎫 tiger 🐯 timer_clock ⏲️ tired_face 😫 tm ™️ toilet 🚽
tomato 🍅 tongue 👅 toolbox 🧰 tooth 🦷 top 🔝 tophat 🎩 tornado 🌪️ trackball 🖲️ tractor 🚜 traffic_light 🚥
vertical_traffic_light 🚦 train 🚋 triangular_flag_on_post 🚩 triangular_ruler 📐 triumph 😤 trophy 🏆 truck 🚚
turtle 🐢 tv 📺 umbrella ☔ unamused 😒 unicorn_face 🦄 unicorn 🦄 unlock 🔓 up 🆙 upside_down_face 🙃 v ✌️ vampire 🧛
vhs 📼 video_camera 📹 volcano 🌋 vs 🆚 walking 🚶 waning_crescent_moon 🌘 warning ⚠️ wastebasket 🗑️ watch ⌚
water_buffalo 🐃 watermelon 🍉 wave 👋 wavy_dash 〰️ weary 😩 whale 🐳 wheel_of_dharma ☸️ wheelchair ♿
white_check_mark ✅ ballot_box_with_check ☑️ white_circle ⚪ white_flower 💮 white_heart 🤍 white_large_square ⬜
black_large_square ⬛ wilted_flower 🥀 wind_chime 🎐 wine_glass 🍷 wink 😉 wolf 🐺 wood 🪵 worried 😟 wrench 🔧
writing_hand ✍️ x ❌ negative_squared_cross_mark ❎ yarn 🧶 yawning_face 🥱 yellow_heart 💛 yum 😋 zany_face 🤪 zap ⚡
zipper_mouth_face 🤐 one 1️⃣ two 2️⃣ three 3️⃣ four 4️⃣ five 5️⃣ six 6️⃣ seven 7️⃣ eight 8️⃣ nine 9️⃣ zero 0️⃣
keycap_ten 🔟 hash #️⃣ black_right_pointing_triangle_with_double_vertical_bar ⏯️ arrow_forward ▶️ arrow_backward ◀️
black_square_for_stop ⏹️ black_circle_for_record ⏺️ eject ⏏️ leftwards_arrow_with_hook ↩️ arrow_right_hook ↪️
pirate_flag 🏴‍☠️ waving_white_flag 🏳️ waving_black_flag 🏴 shipit 🚀 merge 🔀 white_frowning_face ☹️ relaxed ☺️
smile_cat 😸 heart_hands 🫶 melting_face 🫠 dotted_line_face 🫥 ring_buoy 🛟 coin 🪙 ladder 🪜 bucket 🪣 hook 🪝 knot 🪢`;

const words = LIST.split(/\s+/);
const TABLE = new Map();
for (let i = 0; i + 1 < words.length; i += 2) TABLE.set(words[i], words[i + 1]);
const TONES = ["🏻", "🏼", "🏽", "🏾", "🏿"];

/** The character of a name such as `tada` or `wave::skin-tone-3`; null when unknown. */
export function emoji(name) {
  const [base, tone] = name.split("::skin-tone-");
  const found = TABLE.get(base);
  return found ? found + (TONES[Number(tone) - 2] ?? "") : null;
}
